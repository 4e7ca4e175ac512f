# the product form, which needs no large numbers (Chen et al. 2021)
import numpy as np


def pass_at_k(right, n, k):
    chances = [1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)) for c in right]
    return np.mean(chances)
