# triangles of NumPy
import numpy as np


def window_mask(n, m, window, sinks):
    past = np.tri(n, m, m - n, dtype=bool)
    far = np.tri(n, m, m - n - window, dtype=bool)
    first = np.zeros((n, m), bool)
    first[:, :sinks] = True
    return past & (~far | first)
