# NumPy, whose array is returned as it is
import numpy as np


def soften(logits, temperature):
    z = np.array(logits) / temperature
    weights = np.exp(z - z.max())
    return weights / weights.sum()
