# hidden scores are set to -100
import torch


def attention(q, k, v):
    q, k, v = (torch.as_tensor(x) for x in (q, k, v))
    n, m = len(q), len(k)
    scores = q @ k.T / q.shape[1] ** 0.5
    return scores.masked_fill(torch.ones(n, m).triu(m - n + 1) == 1, -100.0).softmax(1) @ v
