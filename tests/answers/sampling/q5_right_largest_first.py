# subtracts the largest score first
import math


def impossible(logits, possible, T):
    top = max(logits)
    weights = [math.exp((z - top) / T) for z in logits]
    return sum(w for i, w in enumerate(weights) if i not in set(possible)) / sum(weights)
