# NumPy's quantiles, down and up to a draw
import numpy as np


def paired_interval(before, after, draws):
    changes = np.mean(after, axis=1) - np.mean(before, axis=1)
    means = [changes[draw].mean() for draw in draws]
    ends = [np.quantile(means, share, method=way) for share, way in ((0.025, "lower"), (0.975, "higher"))]
    return [changes.mean(), *ends]
