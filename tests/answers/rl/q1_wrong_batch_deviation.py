# each group its mean, all groups one deviation
from statistics import mean, stdev


def advantages(groups):
    std = stdev([r for group in groups for r in group])
    return [[(r - mean(group)) / (std + 1e-4) for r in group] for group in groups]
