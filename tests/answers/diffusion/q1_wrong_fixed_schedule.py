# Stable Diffusion's own table of 1000 levels
import numpy as np


def noised(x0, noise, betas, t):
    a = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)[t]
    return a**0.5 * np.array(x0) + (1 - a) ** 0.5 * np.array(noise)
