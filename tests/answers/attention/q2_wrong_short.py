# returns half of the numbers
import torch


def rope(x, places, theta=10000.0):
    a, b = torch.tensor(x).chunk(2, dim=1)
    half = a.shape[1]
    angles = torch.tensor(places)[:, None] * theta ** (-torch.arange(half) / half)
    return a * angles.cos() - b * angles.sin()
