# divides the variance by n
import math


def advantages(groups):
    result = []
    for group in groups:
        mean = sum(group) / len(group)
        var = sum((r - mean) ** 2 for r in group) / len(group)
        result.append([(r - mean) / (math.sqrt(var) + 0.0001) for r in group])
    return result
