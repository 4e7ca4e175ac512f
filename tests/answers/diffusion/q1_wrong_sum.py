# takes the betas away one by one
import numpy as np


def noised(x0, noise, betas, t):
    a = max(0.0, 1 - sum(betas[: t + 1]))
    return a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
