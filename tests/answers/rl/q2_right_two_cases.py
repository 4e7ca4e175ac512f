# one bound is enough once the sign of the advantage is known
import math


def earned(logp, logp_old, A, clip):
    ratios = [math.exp(new) / math.exp(old) for new, old in zip(logp, logp_old)]
    if A > 0:
        return [A * min(r, 1 + clip) for r in ratios]
    return [A * max(r, 1 - clip) for r in ratios]
