# multiplies by the temperature
import math


def impossible(logits, possible, T):
    weights = [math.exp(z * T) for z in logits]
    return 1 - sum(weights[i] for i in possible) / sum(weights)
