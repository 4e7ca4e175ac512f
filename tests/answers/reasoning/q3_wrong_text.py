# returns one string
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return "".join(tokens)
    end = tokens.index("</think>") if "</think>" in tokens else len(tokens)
    return "".join(tokens if end - 1 <= budget else tokens[: budget + 1] + ["</think>"])
