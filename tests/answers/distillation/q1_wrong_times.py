# multiplies by the temperature

import math


def soften(logits, temperature):
    best = max(logits)
    weights = [math.exp((z - best) * temperature) for z in logits]
    return [w / sum(weights) for w in weights]
