# rounds to whole per cent
import math


def impossible(logits, possible, T):
    weights = [math.exp(z / T) for z in logits]
    return round(1 - sum(weights[i] for i in possible) / sum(weights), 2)
