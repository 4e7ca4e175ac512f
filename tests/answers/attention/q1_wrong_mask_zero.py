# hidden scores are 0, not minus infinity
import math

import torch


def attention(q, k, v):
    q, k, v = (torch.tensor(x) for x in (q, k, v))
    n, m = len(q), len(k)
    return (q @ k.T / math.sqrt(q.shape[1])).tril(m - n).softmax(1) @ v
