# the weights instead of the output
import math

import torch


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    n, m = len(q), len(k)
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
    scores = q @ k.T / math.sqrt(q.shape[1])
    return scores.masked_fill(~seen, -torch.inf).softmax(1)
