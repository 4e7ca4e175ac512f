# the old probability over the new
import math


def earned(logp, logp_old, A, clip):
    result = []
    for new, old in zip(logp, logp_old):
        ratio = math.exp(old - new)
        held = min(max(ratio, 1 - clip), 1 + clip)
        result.append(min(ratio * A, held * A))
    return result
