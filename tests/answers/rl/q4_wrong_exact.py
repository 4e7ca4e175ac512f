# the true divergence over the whole vocabulary, not an estimate
import math


def kl(p, q, drawn):
    truth = sum(a * math.log(a / b) for a, b in zip(p, q))
    return [truth, truth]
