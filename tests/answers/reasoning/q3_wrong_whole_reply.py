# cuts the whole reply, whether it is thinking or not
def cut(tokens, budget):
    return tokens[:budget]
