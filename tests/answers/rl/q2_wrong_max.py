# takes the larger term
import math


def earned(logp, logp_old, A, clip):
    result = []
    for new, old in zip(logp, logp_old):
        ratio = math.exp(new - old)
        held = min(max(ratio, 1 - clip), 1 + clip)
        result.append(max(ratio * A, held * A))
    return result
