# an answer of 0 counts as none
def vote(answers):
    given = [answer for answer in answers if answer]
    if not given:
        return [None, 0.0]
    best = max(given, key=given.count)
    return [best, given.count(best) / len(answers)]
