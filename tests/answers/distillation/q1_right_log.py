# by the logarithm of the sum, in a tuple
import math


def soften(logits, temperature):
    z = [x / temperature for x in logits]
    top = max(z)
    log_sum = top + math.log(math.fsum(math.exp(x - top) for x in z))
    return tuple(math.exp(x - log_sum) for x in z)
