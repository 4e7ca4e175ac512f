# no causal mask
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return (keys > places - window) | (keys < sinks)
