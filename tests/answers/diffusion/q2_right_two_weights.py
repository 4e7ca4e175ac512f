# solved for the weights of x and of the noise
import numpy as np


def ddim_step(x, noise, a, a_next):
    ratio = (a_next / a) ** 0.5
    return ratio * np.array(x) + ((1 - a_next) ** 0.5 - ratio * (1 - a) ** 0.5) * np.array(noise)
