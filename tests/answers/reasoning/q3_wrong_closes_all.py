# writes </think> after thinking that never ended, however short it is
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    if "</think>" not in tokens:
        return tokens if 1 < len(tokens) <= budget + 1 else tokens[: budget + 1] + ["</think>"]
    return tokens if tokens.index("</think>") - 1 <= budget else tokens[: budget + 1] + ["</think>"]
