# the keys are not turned
import torch


def read(x, weights, cache):
    x, old = torch.tensor(x), len(cache["k"])
    q, k, v = (x @ torch.tensor(weights[name]) for name in "qkv")
    places = list(range(old, old + len(x)))
    keys = cache["k"] + k.tolist()
    values = cache["v"] + v.tolist()
    return [attention(rope(q, places), keys, values), {"k": keys, "v": values}]
