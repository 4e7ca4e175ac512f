# prompt and negative prompt swapped
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    base = EMPTY if negative is None else negative
    x = np.array(noise)
    stride = len(alpha_bars) // steps
    for k in reversed(range(steps)):
        t = k * stride + 1
        a, a_next = alpha_bars[t], alpha_bars[max(t - stride, 0)]
        eps = guess(x, a, prompt) + g * (guess(x, a, base) - guess(x, a, prompt))
        x = ddim_step(x, eps, a, a_next)
    return x
