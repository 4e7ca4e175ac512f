# worse than the group is positive
import math


def advantages(groups):
    result = []
    for group in groups:
        mean = sum(group) / len(group)
        var = sum((r - mean) ** 2 for r in group) / (len(group) - 1)
        result.append([(mean - r) / (math.sqrt(var) + 0.0001) for r in group])
    return result
