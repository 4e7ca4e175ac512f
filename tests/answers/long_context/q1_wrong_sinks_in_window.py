# sinks take up room of the window
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return (keys <= places) & ((keys > places - max(window - sinks, 1)) | (keys < sinks))
