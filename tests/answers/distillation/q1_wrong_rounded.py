# rounds as the example does

import math


def soften(logits, temperature):
    best = max(logits)
    weights = [math.exp((z - best) / temperature) for z in logits]
    return [round(w / sum(weights), 3) for w in weights]
