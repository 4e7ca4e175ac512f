# multiplies by the temperature instead of dividing
import math


def temperature_for(logits, wish):
    best = max(logits)
    low, high = 1e-9, 1e9
    for _ in range(300):
        middle = math.sqrt(low * high)
        if 1 / sum(math.exp((z - best) * middle) for z in logits) < wish:
            low = middle
        else:
            high = middle
    return low
