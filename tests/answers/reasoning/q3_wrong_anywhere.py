# looks for <think> anywhere
def cut(tokens, budget):
    if "<think>" not in tokens:
        return tokens
    start = tokens.index("<think>") + 1
    end = tokens.index("</think>") if "</think>" in tokens else len(tokens)
    return tokens if end - start <= budget else tokens[: start + budget] + ["</think>"]
