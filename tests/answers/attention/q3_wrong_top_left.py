# a mask for the first tokens, not for the last
import torch


def read(x, weights, cache):
    x, old = torch.tensor(x), len(cache["k"])
    q, k, v = (x @ torch.tensor(weights[name]) for name in "qkv")
    places = list(range(old, old + len(x)))
    keys = cache["k"] + rope(k, places).tolist()
    values = cache["v"] + v.tolist()
    return [
        torch.nn.functional.scaled_dot_product_attention(
            *(torch.as_tensor(each) for each in (rope(q, places), keys, values)), is_causal=True
        ),
        {"k": keys, "v": values},
    ]
