# adds up the exponentials without dividing
import math


def impossible(logits, possible, T):
    return sum(math.exp(z / T) for i, z in enumerate(logits) if i not in possible)
