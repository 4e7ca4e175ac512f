# NumPy, float32, all the queries that there might be, and the last rows of that
import numpy as np


def attention(q, k, v):
    q, k, v = (np.array(x, dtype=np.float32) for x in (q, k, v))
    scores = q @ k.T / np.sqrt(np.float32(q.shape[-1]))
    places = np.arange(len(k))
    scores = np.where(places[None, :] > places[-len(q) :, None], -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
