# divides by the answers given
def price(tokens, answers, truth):
    return sum(tokens) / sum(answer is not None for answer in answers)
