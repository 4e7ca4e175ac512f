# within the bounds: A without the ratio
import math


def earned(logp, logp_old, A, clip):
    out = []
    for n, o in zip(logp, logp_old):
        r = math.exp(n - o)
        if A > 0:
            out.append((1 + clip) * A if r > 1 + clip else r * A if r < 1 - clip else A)
        else:
            out.append((1 - clip) * A if r < 1 - clip else r * A if r > 1 + clip else A)
    return out
