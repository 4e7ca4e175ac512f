# the first that passes, by next()
def gate(drafts, most):
    first = [next((i for i, (passes, _) in enumerate(some[:most]) if passes), None) for some in drafts]
    good = [some[i][1] for some, i in zip(drafts, first, strict=True) if i is not None]
    looked = [min(most, len(some)) if i is None else i + 1 for some, i in zip(drafts, first, strict=True)]
    return [len(good) / len(drafts), sum(good) / len(good) if good else 0, sum(looked) / len(looked)]
