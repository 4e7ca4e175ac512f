# returns a flat list
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    x = a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
    return [x.ravel()]
