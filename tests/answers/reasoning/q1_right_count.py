# counts each answer by hand and keeps the best so far
def vote(answers):
    winner, most = None, 0
    for i, answer in enumerate(answers):
        if answer is None or answer in answers[:i]:
            continue
        if answers.count(answer) > most:
            winner, most = answer, answers.count(answer)
    return [winner, most / max(1, len(answers))]
