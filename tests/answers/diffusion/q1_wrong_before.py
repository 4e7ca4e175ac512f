# level t itself is missing
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[:t]))
    return a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
