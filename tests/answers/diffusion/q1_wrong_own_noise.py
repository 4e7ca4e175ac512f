# draws noise of its own
import numpy as np


def noised(x0, noise, betas, t):
    a = np.prod(1 - np.array(betas[: t + 1]))
    x0 = np.array(x0)
    return a**0.5 * x0 + (1 - a) ** 0.5 * np.random.default_rng(0).normal(size=x0.shape)
