# guesses at the first step only
import numpy as np


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    base = EMPTY if negative is None else negative
    x = np.array(noise)
    stride = len(alpha_bars) // steps
    a = alpha_bars[(steps - 1) * stride + 1]
    eps = guess(x, a, base) + g * (guess(x, a, prompt) - guess(x, a, base))
    for k in reversed(range(steps)):
        t = k * stride + 1
        x = ddim_step(x, eps, alpha_bars[t], alpha_bars[max(t - stride, 0)])
    return x
