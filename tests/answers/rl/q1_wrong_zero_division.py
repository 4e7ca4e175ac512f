# leaves 0.0001 out and divides by 0 where all are alike
import math


def advantages(groups):
    result = []
    for group in groups:
        mean = sum(group) / len(group)
        var = sum((r - mean) ** 2 for r in group) / (len(group) - 1)
        result.append([(r - mean) / math.sqrt(var) for r in group])
    return result
