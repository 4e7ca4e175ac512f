# no mask among the new tokens
import torch


def read(x, weights, cache):
    x, old = torch.tensor(x), len(cache["k"])
    q, k, v = (x @ torch.tensor(weights[name]) for name in "qkv")
    places = list(range(old, old + len(x)))
    keys = cache["k"] + rope(k, places).tolist()
    values = cache["v"] + v.tolist()
    return [
        (rope(q, places) @ torch.tensor(keys).T / q.shape[1] ** 0.5).softmax(1) @ torch.tensor(values),
        {"k": keys, "v": values},
    ]
