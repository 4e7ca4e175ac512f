# the stride is rounded to the nearest whole number
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    x, stride = np.array(noise), round(len(alpha_bars) / steps)
    for k in reversed(range(steps)):
        t = k * stride + 1
        a, a_next = alpha_bars[t], alpha_bars[max(t - stride, 0)]
        told, free = guess(x, a, prompt), guess(x, a, EMPTY if negative is None else negative)
        x = ddim_step(x, free + g * (told - free), a, a_next)
    return x
