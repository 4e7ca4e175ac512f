# just subtracts the guessed noise
import numpy as np


def ddim_step(x, noise, a, a_next):
    x, noise = np.array(x), np.array(noise)
    return x - ((1 - a) ** 0.5 - (1 - a_next) ** 0.5) * noise
