# right answers for each token
def price(tokens, answers, truth):
    right = sum(answer == known for answer, known in zip(answers, truth))
    return right / sum(tokens)
