# does not divide by the sum

import math


def soften(logits, temperature):
    best = max(logits)
    return [math.exp((z - best) / temperature) for z in logits]
