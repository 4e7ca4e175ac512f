# with NumPy
import numpy as np


def reliability(confidence, right, bins):
    c, r = np.array(confidence), np.array(right, dtype=float)
    place = np.maximum(np.ceil(c * bins), 1)
    table = [[int((place == b).sum()), c[place == b].mean(), r[place == b].mean()] for b in np.unique(place)]
    return [table, sum(n * abs(hits - mean) for n, mean, hits in table) / len(c)]
