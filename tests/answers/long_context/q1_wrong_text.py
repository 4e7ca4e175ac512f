# a picture instead of a table
import torch


def window_mask(n, m, window, sinks):
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
    return ["".join("T" if x else "." for x in row) for row in seen]
