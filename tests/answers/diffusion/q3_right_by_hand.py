# all in one function
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    base = negative or EMPTY
    x, stride = np.array(noise), len(alpha_bars) // steps
    for t in range((steps - 1) * stride + 1, 0, -stride):
        a, then = alpha_bars[t], alpha_bars[t - stride] if t > stride else alpha_bars[0]
        free, told = guess(x, a, base), guess(x, a, prompt)
        eps = free + g * (told - free)
        x = then**0.5 * (x - (1 - a) ** 0.5 * eps) / a**0.5 + (1 - then) ** 0.5 * eps
    return x
