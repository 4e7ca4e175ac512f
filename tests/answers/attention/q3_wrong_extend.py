# list.extend gives None
import torch


def read(x, weights, cache):
    old = len(cache["k"])
    q, k, v = (torch.tensor(x) @ torch.tensor(weights[name]) for name in "qkv")
    places = list(range(old, old + len(x)))
    keys, values = cache["k"] + rope(k, places).tolist(), cache["v"] + v.tolist()
    output = attention(rope(q, places), keys, values)
    return [output, {"k": cache["k"].extend(keys[old:]), "v": cache["v"].extend(values[old:])}]
