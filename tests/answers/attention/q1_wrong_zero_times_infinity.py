# hides by multiplying: 0 times minus infinity is nan
import numpy as np


def attention(q, k, v):
    q, k, v = (np.array(x) for x in (q, k, v))
    n, m = len(q), len(k)
    scores = q @ k.T / q.shape[1] ** 0.5 + np.triu(np.ones((n, m)), m - n + 1) * -np.inf
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
