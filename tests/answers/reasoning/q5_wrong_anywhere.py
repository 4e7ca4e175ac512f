# an answer counts as right if any story has it
def price(tokens, answers, truth):
    return sum(tokens) / sum(answer in truth for answer in answers)
