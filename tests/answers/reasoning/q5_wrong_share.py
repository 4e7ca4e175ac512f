# the share that is right
def price(tokens, answers, truth):
    right = sum(answer == known for answer, known in zip(answers, truth))
    return right / len(truth)
