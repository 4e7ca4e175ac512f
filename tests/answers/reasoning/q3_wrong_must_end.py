# fails where the thinking never ended
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    end = tokens.index("</think>")
    return tokens if end - 1 <= budget else tokens[: budget + 1] + ["</think>"]
