# each row times a matrix that turns
import numpy as np


def rope(x, places, theta=10000.0):
    x = np.array(x)
    half = x.shape[1] // 2
    rows = []
    for row, place in zip(x, places):
        angle = place * theta ** (-2 * np.arange(half) / x.shape[1])
        cos, sin = np.diag(np.cos(angle)), np.diag(np.sin(angle))
        rows.append(np.block([[cos, -sin], [sin, cos]]) @ row)
    return np.array(rows)
