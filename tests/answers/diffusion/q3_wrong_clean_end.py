# goes to 1 instead of level 0
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    base = EMPTY if negative is None else negative
    x = np.array(noise)
    stride = len(alpha_bars) // steps
    for k in reversed(range(steps)):
        t = k * stride + 1
        a, a_next = alpha_bars[t], alpha_bars[t - stride] if t > stride else 1.0
        eps = guess(x, a, base) + g * (guess(x, a, prompt) - guess(x, a, base))
        x = ddim_step(x, eps, a, a_next)
    return x
