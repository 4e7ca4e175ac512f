# the result gets the type of x0, which may be whole numbers
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    x = np.array(x0)
    x[...] = a**0.5 * x + (1 - a) ** 0.5 * np.array(noise)
    return x
