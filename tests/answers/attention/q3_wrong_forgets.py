# attends to the new tokens only and keeps nothing else
import torch


def read(x, weights, cache):
    x, old = torch.tensor(x), len(cache["k"])
    q, k, v = (x @ torch.tensor(weights[name]) for name in "qkv")
    places = list(range(old, old + len(x)))
    keys = rope(k, places).tolist()
    values = v.tolist()
    return [attention(rope(q, places), keys, values), {"k": keys, "v": values}]
