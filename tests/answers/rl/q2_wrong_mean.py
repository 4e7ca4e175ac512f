# the mean over the tokens
import math


def earned(logp, logp_old, A, clip):
    ratios = [math.exp(new - old) for new, old in zip(logp, logp_old)]
    return sum(min(r * A, min(max(r, 1 - clip), 1 + clip) * A) for r in ratios) / len(ratios)
