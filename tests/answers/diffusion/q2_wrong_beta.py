# takes the share of signal for the share of noise
import numpy as np


def ddim_step(x, noise, a, a_next):
    x, noise = np.array(x), np.array(noise)
    x0 = (x - a**0.5 * noise) / (1 - a) ** 0.5
    return (1 - a_next) ** 0.5 * x0 + a_next**0.5 * noise
