# k3 first
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in drawn:
        x = math.log(q[token]) - math.log(p[token])
        k1 += -x
        k3 += math.exp(x) - x - 1
    return [k3 / len(drawn), k1 / len(drawn)]
