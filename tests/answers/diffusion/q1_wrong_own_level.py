# level t's beta only
import numpy as np


def noised(x0, noise, betas, t):
    a = 1 - betas[t]
    return a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
