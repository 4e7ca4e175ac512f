# the whole table, in NumPy
import numpy as np


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    q, k, v = q.numpy(), k.numpy(), v.numpy()
    n, m = len(q), len(k)
    gap = np.arange(m - n, m)[:, None] - np.arange(m)
    seen = (gap >= 0) & ((gap < window) | (np.arange(m) < sinks))
    scores = np.where(seen, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v
