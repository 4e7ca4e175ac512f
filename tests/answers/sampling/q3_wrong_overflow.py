# exp() of large scores overflows
import math


def temperature_for(logits, wish):
    low, high = 1e-3, 1e5
    for _ in range(100):
        middle = (low + high) / 2
        weights = [math.exp(z / middle) for z in logits]
        if max(weights) / sum(weights) > wish:
            low = middle
        else:
            high = middle
    return low
