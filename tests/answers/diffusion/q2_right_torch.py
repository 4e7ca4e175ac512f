# torch, in float32
import torch


def ddim_step(x, noise, a, a_next):
    x, noise = torch.tensor(x), torch.tensor(noise)
    x0 = (x - (1 - a) ** 0.5 * noise) / a**0.5
    return a_next**0.5 * x0 + (1 - a_next) ** 0.5 * noise
