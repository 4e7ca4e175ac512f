# pairs neighbours, as the paper does
import torch


def rope(x, places, theta=10000.0):
    x = torch.tensor(x)
    d = x.shape[1]
    angles = torch.tensor(places)[:, None] * theta ** (-torch.arange(0, d, 2) / d)
    turned = torch.empty_like(x)
    turned[:, 0::2] = x[:, 0::2] * angles.cos() - x[:, 1::2] * angles.sin()
    turned[:, 1::2] = x[:, 0::2] * angles.sin() + x[:, 1::2] * angles.cos()
    return turned
