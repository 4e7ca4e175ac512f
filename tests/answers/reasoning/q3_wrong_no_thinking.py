# takes a reply without thinking for thinking
def cut(tokens, budget):
    end = tokens.index("</think>") if "</think>" in tokens else len(tokens)
    if end - 1 <= budget:
        return tokens
    return tokens[: budget + 1] + ["</think>"]
