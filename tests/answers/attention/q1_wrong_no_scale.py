# nothing divided by the root of d
import math

import torch


def attention(q, k, v):
    q, k, v = (torch.tensor(x) for x in (q, k, v))
    n, m = len(q), len(k)
    return (q @ k.T).masked_fill(torch.ones(n, m).triu(m - n + 1) == 1, -torch.inf).softmax(1) @ v
