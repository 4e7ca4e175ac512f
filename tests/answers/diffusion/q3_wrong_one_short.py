# one step too few
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    base = EMPTY if negative is None else negative
    x = np.array(noise)
    stride = len(alpha_bars) // steps
    for k in reversed(range(1, steps)):
        t = k * stride + 1
        a, a_next = alpha_bars[t], alpha_bars[max(t - stride, 0)]
        eps = guess(x, a, base) + g * (guess(x, a, prompt) - guess(x, a, base))
        x = ddim_step(x, eps, a, a_next)
    return x
