# the sign of x is reversed in k3
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in drawn:
        x = math.log(p[token]) - math.log(q[token])
        k1 += x
        k3 += math.exp(x) - x - 1
    return [k1 / len(drawn), k3 / len(drawn)]
