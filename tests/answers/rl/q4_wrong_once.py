# each token once, however often it was drawn
import math


def kl(p, q, drawn):
    k1 = k3 = 0.0
    for token in set(drawn):
        x = math.log(q[token]) - math.log(p[token])
        k1 += -x
        k3 += math.exp(x) - x - 1
    return [k1 / len(set(drawn)), k3 / len(set(drawn))]
