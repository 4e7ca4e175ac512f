# leaves out the tokens of replies without an answer
def price(tokens, answers, truth):
    written = sum(n for n, answer in zip(tokens, answers) if answer is not None)
    return written / sum(answer == right for answer, right in zip(answers, truth))
