# takes away the largest score, which may be a hidden one
import numpy as np


def attention(q, k, v):
    q, k, v = (np.array(x) for x in (q, k, v))
    n, m = len(q), len(k)
    scores = q @ k.T / q.shape[1] ** 0.5
    weights = np.exp(scores - scores.max(axis=1, keepdims=True)) * np.tri(n, m, m - n)
    return weights / weights.sum(axis=1, keepdims=True) @ v
