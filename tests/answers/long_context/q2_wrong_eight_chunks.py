# eight chunks, however long the text: their tables still grow with the square
import math

import torch


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    n, m, chunk = len(q), len(k), max(len(q) // 8, 1)
    output = []
    for start in range(m - n, m, chunk):
        end = min(start + chunk, m)
        near = max(start - window + 1, 0)
        keys = torch.cat([torch.arange(min(sinks, near)), torch.arange(near, end)])
        places = torch.arange(start, end)[:, None]
        seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
        scores = q[start - m + n : end - m + n] @ k[keys].T / math.sqrt(q.shape[1])
        output.append(scores.masked_fill(~seen, -torch.inf).softmax(dim=1) @ v[keys])
    return torch.cat(output)
