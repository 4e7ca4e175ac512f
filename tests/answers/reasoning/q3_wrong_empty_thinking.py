# drops the answer after empty thinking
def cut(tokens, budget):
    if tokens[:1] != ["<think>"]:
        return tokens
    thinking = tokens[1 : tokens.index("</think>")] if "</think>" in tokens else tokens[1:]
    if thinking and len(thinking) <= budget:
        return tokens
    return ["<think>"] + thinking[:budget] + ["</think>"]
