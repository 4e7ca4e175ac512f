# counts one token too few where </think> is missing
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    if "</think>" in tokens:
        n = tokens.index("</think>") - 1
    else:
        n = len(tokens) - 2
    if n <= budget:
        return tokens
    return tokens[: budget + 1] + ["</think>"]
