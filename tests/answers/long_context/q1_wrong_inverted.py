# True for what is hidden
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return ~((keys <= places) & ((keys > places - window) | (keys < sinks)))
