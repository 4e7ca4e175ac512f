# torch, in float32
import torch


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    x, stride = torch.tensor(noise), len(alpha_bars) // steps
    levels = [k * stride + 1 for k in range(steps)]
    for t, after in zip(levels[::-1], [*levels[-2::-1], 0]):
        a, then = alpha_bars[t], alpha_bars[after]
        free = guess(x, a, EMPTY if negative is None else negative)
        eps = free + g * (guess(x, a, prompt) - free)
        x = then**0.5 * (x - (1 - a) ** 0.5 * eps) / a**0.5 + (1 - then) ** 0.5 * eps
    return x
