# the range ends at 1500
import math


def temperature_for(logits, wish):
    low, high, top = 0.001, 1500.0, max(logits)
    for _ in range(100):
        middle = (low + high) / 2
        if 1 / sum(math.exp((z - top) / middle) for z in logits) > wish:
            low = middle
        else:
            high = middle
    return high
