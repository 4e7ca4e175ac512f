# NumPy, in chunks of 100
import numpy as np


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    q, k, v = q.numpy(), k.numpy(), v.numpy()
    n, m, rows = len(q), len(k), []
    for first in range(0, n, 100):
        places = np.arange(m - n + first, m - n + min(first + 100, n))
        near = np.arange(max(places[0] - window + 1, 0), places[-1] + 1)
        keys = np.union1d(near, np.arange(min(sinks, m)))
        gap = places[:, None] - keys
        seen = (gap >= 0) & ((gap < window) | (keys < sinks))
        scores = np.where(seen, q[first : first + 100] @ k[keys].T / np.sqrt(q.shape[1]), -np.inf)
        weights = np.exp(scores - scores.max(1, keepdims=True))
        rows.append(weights / weights.sum(1, keepdims=True) @ v[keys])
    return np.concatenate(rows)
