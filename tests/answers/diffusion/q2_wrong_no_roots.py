# no roots at all
import numpy as np


def ddim_step(x, noise, a, a_next):
    x, noise = np.array(x), np.array(noise)
    x0 = (x - (1 - a) * noise) / a
    return a_next * x0 + (1 - a_next) * noise
