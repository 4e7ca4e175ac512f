# drops the fraction
def price(tokens, answers, truth):
    right = sum(answer == known for answer, known in zip(answers, truth))
    return sum(tokens) // right
