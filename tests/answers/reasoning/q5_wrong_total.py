# never divides
def price(tokens, answers, truth):
    return sum(tokens)
