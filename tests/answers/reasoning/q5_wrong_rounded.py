# rounds to one decimal
def price(tokens, answers, truth):
    right = sum(answer == known for answer, known in zip(answers, truth))
    return round(sum(tokens) / right, 1)
