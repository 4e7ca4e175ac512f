# hands out the last of the drafts that pass
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        passing = [i for i, (passes, _) in enumerate(some[:most]) if passes]
        looked += passing[-1] + 1 if passing else len(some[:most])
        handed += [some[passing[-1]][1]] if passing else []
    return [len(handed) / len(drafts), sum(handed) / max(1, len(handed)), looked / len(drafts)]
