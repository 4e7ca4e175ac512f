# leaves 0.0001 out, and treats groups that are alike apart
import math


def advantages(groups):
    result = []
    for group in groups:
        mean = sum(group) / len(group)
        var = sum((r - mean) ** 2 for r in group) / (len(group) - 1)
        scale = math.sqrt(var) or 1
        result.append([(r - mean) / scale for r in group])
    return result
