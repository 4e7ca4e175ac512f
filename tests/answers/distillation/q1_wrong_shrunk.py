# makes large logits smaller, which makes the probabilities others
import math


def soften(logits, temperature):
    z = [x / temperature for x in logits]
    m = max(abs(x) for x in z)
    if m > 300:
        z = [x * 300 / m for x in z]
    w = [math.exp(x) for x in z]
    return [x / sum(w) for x in w]
