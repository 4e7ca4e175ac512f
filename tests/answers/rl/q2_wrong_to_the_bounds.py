# every ratio above 1 becomes the upper bound, every one below it the lower
import math


def earned(logp, logp_old, A, clip):
    out = []
    for n, o in zip(logp, logp_old):
        r = math.exp(n - o)
        if r > 1:
            held = 1 + clip
        elif r < 1:
            held = 1 - clip
        else:
            held = r
        out.append(min(r * A, held * A))
    return out
