# one long list instead of a list for each group
from statistics import mean, stdev


def advantages(groups):
    return [(r - mean(group)) / (stdev(group) + 1e-4) for group in groups for r in group]
