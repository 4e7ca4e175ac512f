# each token once, times how often it was drawn; e to the x is q over p
import math
from collections import Counter


def kl(p, q, drawn):
    total = [0.0, 0.0]
    for i, times in Counter(drawn).items():
        ratio = q[i] / p[i]
        total[0] -= times * math.log(ratio)
        total[1] += times * (ratio - math.log(ratio) - 1)
    return [x / len(drawn) for x in total]
