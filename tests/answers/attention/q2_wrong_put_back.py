# pairs are right, but the turned numbers are put side by side
import torch


def rope(x, places, theta=10000.0):
    a, b = torch.as_tensor(x).chunk(2, dim=1)
    half = a.shape[1]
    angles = torch.tensor(places)[:, None] * theta ** (-torch.arange(half) / half)
    turned = a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()
    return torch.stack(turned, dim=-1).flatten(1)
