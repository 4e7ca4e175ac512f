# counts by hand
def price(tokens, answers, truth):
    right = 0
    for i in range(len(tokens)):
        if answers[i] is not None and answers[i] == truth[i]:
            right += 1
    return sum(tokens) / right
