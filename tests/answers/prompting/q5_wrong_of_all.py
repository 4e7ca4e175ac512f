# the good ones of all questions
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        for passes, good in some[:most]:
            looked += 1
            if passes:
                handed.append(good)
                break
    return [len(handed) / len(drafts), sum(handed) / len(drafts), looked / len(drafts)]
