# a softmax written by hand that cannot take large scores
import math

import torch


def attention(q, k, v):
    q, k, v = (torch.tensor(x) for x in (q, k, v))
    n, m = len(q), len(k)
    odds = (q @ k.T / math.sqrt(q.shape[1])).exp().tril(m - n)
    return odds / odds.sum(1, keepdim=True) @ v
