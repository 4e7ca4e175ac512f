# does not stop at the first that passes
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        for passes, good in some[:most]:
            looked += 1
            if passes:
                handed.append(good)
    return [len(handed) / len(drafts), sum(handed) / max(1, len(handed)), looked / len(drafts)]
