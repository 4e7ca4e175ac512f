# throws the wrong half away
import math


def temperature_for(logits, wish):
    best = max(logits)
    low, high = 1e-3, 1e5
    for _ in range(100):
        middle = (low + high) / 2
        if 1 / sum(math.exp((z - best) / middle) for z in logits) > wish:
            high = middle
        else:
            low = middle
    return low
