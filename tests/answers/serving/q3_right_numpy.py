# a scale of 1 for a row of zeros
import numpy as np


def quantise(rows, bits):
    w = np.array(rows)
    scales = np.abs(w).max(axis=1) / (2 ** (bits - 1) - 1)
    scales[scales == 0] = 1
    numbers = np.rint(w / scales[:, None]).astype(int)
    return numbers, scales, numbers * scales[:, None]
