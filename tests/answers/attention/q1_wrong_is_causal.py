# torch's is_causal takes the queries for those of the first tokens
import math

import torch


def attention(q, k, v):
    q, k, v = (torch.tensor(x) for x in (q, k, v))
    n, m = len(q), len(k)
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
