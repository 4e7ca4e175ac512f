# the smallest and the largest of all draws
def paired_interval(before, after, draws):
    changes = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(before, after, strict=True)]
    means = [sum(changes[row] for row in draw) / len(draw) for draw in draws]
    return [sum(changes) / len(changes), min(means), max(means)]
