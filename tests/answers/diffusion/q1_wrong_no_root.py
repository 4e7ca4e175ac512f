# forgets both roots
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    return a * np.array(x0) + (1 - a) * np.array(noise)
