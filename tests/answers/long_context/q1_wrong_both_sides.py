# a window to both sides
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return ((places - keys).abs() < window) | (keys < sinks)
