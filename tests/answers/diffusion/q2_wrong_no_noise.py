# adds no noise back
import numpy as np


def ddim_step(x, noise, a, a_next):
    x, noise = np.array(x), np.array(noise)
    x0 = (x - (1 - a) ** 0.5 * noise) / a**0.5
    return a_next**0.5 * x0
