# with NumPy
import numpy as np


def choose(first, second, wrong, silent):
    a, b = np.array(first, dtype=float), np.array(second, dtype=float)

    def cost(half, threshold):
        answered = half[:, 0] >= threshold
        return np.where(answered, wrong * (1 - half[:, 1]), silent).mean()

    candidates = np.unique([0, 1.1, *a[:, 0]])
    threshold = candidates[np.argmin([cost(a, x) for x in candidates])]
    return [threshold, cost(a, threshold), cost(b, threshold), (b[:, 0] >= threshold).mean()]
