# multiplies what comes in, not what stays
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(betas[: t + 1])
    return a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
