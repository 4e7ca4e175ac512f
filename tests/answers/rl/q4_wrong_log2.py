# logarithms to base 2
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in drawn:
        x = math.log2(q[token]) - math.log2(p[token])
        k1 += -x
        k3 += 2**x - x - 1
    return [k1 / len(drawn), k3 / len(drawn)]
