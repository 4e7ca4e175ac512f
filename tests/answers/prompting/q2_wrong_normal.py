# the difference and 1.96 standard deviations of the draws
from statistics import pstdev


def paired_interval(before, after, draws):
    changes = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(before, after, strict=True)]
    means = [sum(changes[row] for row in draw) / len(draw) for draw in draws]
    middle, spread = sum(changes) / len(changes), 1.96 * pstdev(means)
    return [middle, middle - spread, middle + spread]
