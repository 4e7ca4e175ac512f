# log-probabilities

import math


def soften(logits, temperature):
    best = max(logits)
    z = [(x - best) / temperature for x in logits]
    total = math.log(sum(map(math.exp, z)))
    return [x - total for x in z]
