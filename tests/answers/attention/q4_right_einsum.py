# NumPy, one large sum for all heads
import numpy as np


def find_fault(q, k, v, heads, output):
    n = len(q)
    q, k, v = (np.array(x).reshape(n, heads, -1) for x in (q, k, v))
    dots = np.einsum("ihd,jhd->hij", q, k)
    d = q.shape[2]

    def weights(scores, further=0, axis=2):
        odds = np.exp(scores) * np.tri(n, n, further)
        return odds / odds.sum(axis, keepdims=True)

    def merged(w):
        return np.einsum("hij,jhd->ihd", w, v).reshape(n, -1)

    usual = weights(dots / d**0.5)
    mended = merged(usual)
    faults = {
        "mask": merged(weights(dots / d**0.5, further=1)),
        "axis": merged(weights(dots / d**0.5, axis=1)),
        "scale": merged(weights(dots / d)),
        "heads": np.einsum("hij,jhd->hid", usual, v).reshape(n, -1),
    }
    for name, given in faults.items():
        if np.abs(given - np.array(output)).max() < 0.01:
            return [name, mended]
    return ["right", mended]
