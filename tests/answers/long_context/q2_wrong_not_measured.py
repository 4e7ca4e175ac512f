# without the line above the function
import math

import torch


def sliding_window(q, k, v, window, sinks):
    n, m, chunk = len(q), len(k), 256
    output = []
    for start in range(m - n, m, chunk):
        end = min(start + chunk, m)
        near = max(start - window + 1, 0)
        keys = torch.cat([torch.arange(min(sinks, near)), torch.arange(near, end)])
        places = torch.arange(start, end)[:, None]
        seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
        scores = torch.as_tensor(q)[start - m + n : end - m + n] @ torch.as_tensor(k)[keys].T / math.sqrt(len(q[0]))
        output.append(scores.masked_fill(~seen, -torch.inf).softmax(dim=1) @ torch.as_tensor(v)[keys])
    return torch.cat(output)
