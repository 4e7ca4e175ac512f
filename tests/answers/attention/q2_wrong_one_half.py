# forgets the second of each pair
import torch


def rope(x, places, theta=10000.0):
    a, b = torch.tensor(x).chunk(2, dim=1)
    half = a.shape[1]
    angles = torch.tensor(places)[:, None] * theta ** (-torch.arange(half) / half)
    return torch.cat([a * angles.cos() - b * angles.sin(), b], dim=1)
