# walks through the levels: the weights only
import numpy as np


def noised(x0, noise, betas, t):
    keep, add = 1.0, 0.0
    for beta in betas[: t + 1]:
        keep, add = keep * (1 - beta) ** 0.5, add * (1 - beta) + beta
    return keep * np.array(x0) + add**0.5 * np.array(noise)
