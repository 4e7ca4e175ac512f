# writes the reply once more, token by token
def cut(tokens, budget):
    written, spent, thinking = [], 0, False
    for i, token in enumerate(tokens):
        if thinking and token == "</think>":
            thinking = False
        elif thinking:
            if spent == budget:
                return [*written, "</think>"]
            spent += 1
        if i == 0 and token == "<think>":
            thinking = True
        written.append(token)
    return written
