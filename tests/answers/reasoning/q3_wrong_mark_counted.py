# counts <think> as thinking
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    end = tokens.index("</think>") if "</think>" in tokens else len(tokens)
    if end - 1 < budget:
        return tokens
    return tokens[:budget] + ["</think>"]
