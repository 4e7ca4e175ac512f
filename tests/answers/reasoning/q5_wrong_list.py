# a number for each reply
def price(tokens, answers, truth):
    right = sum(answer == known for answer, known in zip(answers, truth))
    return [n / right for n in tokens]
