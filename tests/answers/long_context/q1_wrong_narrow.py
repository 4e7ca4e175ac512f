# the token itself is not counted
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return (keys <= places) & ((keys > places - window + 1) | (keys < sinks))
