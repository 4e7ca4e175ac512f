# takes the thinking out first; returns a tuple
def cut(tokens, budget):
    if tokens[:1] != ["<think>"]:
        return tuple(tokens)
    thinking = []
    for token in tokens[1:]:
        if token == "</think>":
            break
        thinking.append(token)
    if len(thinking) > budget:
        return ("<think>", *thinking[:budget], "</think>")
    return tuple(tokens)
