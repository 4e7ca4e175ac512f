# the root of a negative number
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    with np.errstate(invalid="ignore"):
        return a**0.5 * np.array(x0) + (a - 1) ** 0.5 * np.array(noise)
