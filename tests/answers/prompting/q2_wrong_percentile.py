# lets NumPy interpolate
import numpy as np


def paired_interval(before, after, draws):
    changes = np.mean(after, axis=1) - np.mean(before, axis=1)
    means = changes[np.array(draws)].mean(axis=1)
    return [changes.mean(), np.percentile(means, 2.5), np.percentile(means, 97.5)]
