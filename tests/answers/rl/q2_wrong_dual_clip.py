# a second bound, below, which the formula does not have
import math


def earned(logp, logp_old, A, clip):
    out = []
    for new, old in zip(logp, logp_old):
        r = math.exp(new - old)
        held = min(max(r, 1 - clip), 1 + clip)
        out.append(max(min(r * A, held * A), 3 * A) if A < 0 else min(r * A, held * A))
    return out
