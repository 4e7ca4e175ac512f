# leaves thinking alone that never ended
def cut(tokens, budget):
    if "</think>" not in tokens or tokens.index("</think>") - 1 <= budget:
        return tokens
    return tokens[: budget + 1] + ["</think>"]
