# forgets the root of one weight
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    return a**0.5 * np.array(x0) + (1 - a) * np.array(noise)
