# the standard library's own deviation
from statistics import mean, stdev


def advantages(groups):
    return [[(r - mean(group)) / (stdev(group) + 1e-4) for r in group] for group in groups]
