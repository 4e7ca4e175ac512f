# forgets the 1
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in drawn:
        x = math.log(q[token]) - math.log(p[token])
        k1 += -x
        k3 += math.exp(x) - x
    return [k1 / len(drawn), k3 / len(drawn)]
