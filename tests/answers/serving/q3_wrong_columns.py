# a scale for each column
import numpy as np


def quantise(rows, bits):
    w = np.array(rows)
    scales = np.abs(w).max(axis=0) / (2 ** (bits - 1) - 1)
    scales[scales == 0] = 1
    numbers = np.rint(w / scales).astype(int)
    return numbers, scales, numbers * scales
