# in chunks of queries, each against all keys
import math

import torch


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    n, m, output = len(q), len(k), []
    keys = torch.arange(m)
    for start in range(0, n, 64):
        places = torch.arange(m - n + start, m - n + min(start + 64, n))[:, None]
        seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
        scores = q[start : start + 64] @ k.T / math.sqrt(q.shape[1])
        output.append(scores.masked_fill(~seen, -torch.inf).softmax(1) @ v)
    return torch.cat(output)
