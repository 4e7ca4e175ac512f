# the probability of each impossible token
import math


def impossible(logits, possible, T):
    weights = [math.exp(z / T) for z in logits]
    return [w / sum(weights) for i, w in enumerate(weights) if i not in possible]
