# NumPy and complex numbers, nothing from the questions before
import numpy as np


def turn(x, start):
    half = x.shape[1] // 2
    angles = np.outer(np.arange(start, start + len(x)), 10000.0 ** (-np.arange(half) / half))
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.hstack([turned.real, turned.imag])


def read(x, weights, cache):
    q, k, v = (np.array(x) @ np.array(weights[name]) for name in "qkv")
    old = len(cache["k"])
    keys = np.array([*cache["k"], *turn(k, old)])
    values = np.array([*cache["v"], *v])
    output = []
    for row, query in enumerate(turn(q, old)):
        scores = keys[: old + row + 1] @ query / np.sqrt(len(query))
        odds = np.exp(scores - scores.max())
        output.append(odds / odds.sum() @ values[: old + row + 1])
    return [output, {"k": keys, "v": values}]
