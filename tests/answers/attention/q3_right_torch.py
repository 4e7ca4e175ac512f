# torch's own attention, with tensors put together
import torch
from torch.nn.functional import scaled_dot_product_attention


def read(x, weights, cache):
    x = torch.tensor(x, dtype=torch.float64)
    q, k, v = (x @ torch.tensor(weights[name], dtype=torch.float64) for name in "qkv")
    old = len(cache["k"])
    places = [old + i for i in range(len(x))]
    q, k = rope(q, places), rope(k, places)
    if old:
        k = torch.cat([torch.tensor(cache["k"], dtype=torch.float64), k])
        v = torch.cat([torch.tensor(cache["v"], dtype=torch.float64), v])
    seen = torch.ones(len(q), len(k), dtype=torch.bool).tril(old)
    return (scaled_dot_product_attention(q, k, v, attn_mask=seen), {"k": k, "v": v})
