# gives up where exp overflows: all for the largest
import math


def soften(logits, temperature):
    try:
        w = [math.exp(z / temperature) for z in logits]
        return [x / sum(w) for x in w]
    except (OverflowError, ZeroDivisionError):
        return [1.0 if z == max(logits) else 0.0 for z in logits]
