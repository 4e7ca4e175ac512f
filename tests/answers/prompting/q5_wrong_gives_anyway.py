# hands out the last draft where none passes
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        seen = some[:most]
        passed = [i for i, (passes, _) in enumerate(seen) if passes]
        last = passed[0] if passed else len(seen) - 1
        handed.append(seen[last][1])
        looked += last + 1
    return [len(handed) / len(drafts), sum(handed) / len(handed), looked / len(drafts)]
