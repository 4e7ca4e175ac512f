# draws from the right distribution without painting
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    return np.random.default_rng(0).normal(*prompt, size=np.shape(noise))
