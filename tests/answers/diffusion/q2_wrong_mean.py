# one number for all
import numpy as np


def ddim_step(x, noise, a, a_next):
    x, noise = np.array(x), np.array(noise)
    x0 = (x - (1 - a) ** 0.5 * noise) / a**0.5
    return float((a_next**0.5 * x0 + (1 - a_next) ** 0.5 * noise).mean())
