# half the square instead of k3
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in drawn:
        x = math.log(q[token]) - math.log(p[token])
        k1 += -x
        k3 += x * x / 2
    return [k1 / len(drawn), k3 / len(drawn)]
