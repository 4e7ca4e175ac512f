# divides the probabilities

import math


def soften(logits, temperature):
    best = max(logits)
    weights = [math.exp(z - best) for z in logits]
    return [w / sum(weights) / temperature for w in weights]
