# the share of the possible ones
import math


def impossible(logits, possible, T):
    weights = [math.exp(z / T) for z in logits]
    return sum(weights[i] for i in possible) / sum(weights)
