# only the tokens of the right answers
def price(tokens, answers, truth):
    right = [n for n, answer, known in zip(tokens, answers, truth) if answer == known]
    return sum(right) / len(right)
