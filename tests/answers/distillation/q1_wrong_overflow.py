# does not subtract the largest

import math


def soften(logits, temperature):
    best = max(logits)
    weights = [math.exp(z / temperature) for z in logits]
    return [w / sum(weights) for w in weights]
