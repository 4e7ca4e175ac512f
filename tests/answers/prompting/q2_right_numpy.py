# with NumPy
import numpy as np


def paired_interval(before, after, draws):
    changes = np.mean(after, axis=1) - np.mean(before, axis=1)
    means = np.sort(changes[np.array(draws)].mean(axis=1))
    cut = len(draws) // 40
    kept = means[cut : len(means) - cut]
    return [changes.mean(), kept[0], kept[-1]]
