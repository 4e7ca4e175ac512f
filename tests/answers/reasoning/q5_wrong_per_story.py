# tokens for each story
def price(tokens, answers, truth):
    return sum(tokens) / len(truth)
