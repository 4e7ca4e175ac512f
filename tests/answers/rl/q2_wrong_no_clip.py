# does not clip
import math


def earned(logp, logp_old, A, clip):
    result = []
    for new, old in zip(logp, logp_old):
        ratio = math.exp(new - old)
        held = ratio
        result.append(held * A)
    return result
