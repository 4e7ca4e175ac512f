# looks only between 0 and 10
import math


def temperature_for(logits, wish):
    best = max(logits)
    low, high = 1e-3, 10.0
    for _ in range(100):
        middle = (low + high) / 2
        if 1 / sum(math.exp((z - best) / middle) for z in logits) > wish:
            low = middle
        else:
            high = middle
    return low
