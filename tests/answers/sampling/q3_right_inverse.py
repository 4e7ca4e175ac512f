# bisects 1/T, with a bound that is doubled until it is wide enough
import math


def temperature_for(logits, wish):
    best = max(logits)

    def top(inverse):
        return 1 / sum(math.exp((z - best) * inverse) for z in logits)

    low, high = 0.0, 1e-6
    while top(high) < wish:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if top(middle) < wish else (low, middle)
    return 1 / high
