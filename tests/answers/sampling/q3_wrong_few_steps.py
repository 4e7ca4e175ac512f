# stops after ten halvings of a wide range
import math


def temperature_for(logits, wish):
    best = max(logits)
    low, high = 1e-3, 1e5
    for _ in range(10):
        middle = (low + high) / 2
        if 1 / sum(math.exp((z - best) / middle) for z in logits) > wish:
            low = middle
        else:
            high = middle
    return low
