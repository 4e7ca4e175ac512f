# queries of the first tokens
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(n)[:, None], torch.arange(m)
    return (keys <= places) & ((keys > places - window) | (keys < sinks))
