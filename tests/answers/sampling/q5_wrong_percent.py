# in per cent
import math


def impossible(logits, possible, T):
    weights = [math.exp(z / T) for z in logits]
    return 100 - 100 * sum(weights[i] for i in possible) / sum(weights)
