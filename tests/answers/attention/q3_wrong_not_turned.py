# neither queries nor keys are turned
import torch


def read(x, weights, cache):
    q, k, v = (torch.tensor(x) @ torch.tensor(weights[name]) for name in "qkv")
    keys, values = cache["k"] + k.tolist(), cache["v"] + v.tolist()
    return [attention(q, keys, values), {"k": keys, "v": values}]
