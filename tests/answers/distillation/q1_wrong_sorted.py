# sorts by size

import math


def soften(logits, temperature):
    best = max(logits)
    weights = sorted((math.exp((z - best) / temperature) for z in logits), reverse=True)
    return [w / sum(weights) for w in weights]
