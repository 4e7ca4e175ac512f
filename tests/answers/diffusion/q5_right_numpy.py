# numpy, nan where all are right
import numpy as np


def compare(a, b):
    rows = []
    for x in (a, b):
        n, p, z = len(x), np.mean(x), 1.96
        ends = np.roots([1 + z**2 / n, -2 * p - z**2 / n, p**2]).real
        rows.append([p, ends.min(), ends.max()])
    p = np.mean([*a, *b])
    with np.errstate(invalid="ignore"):
        z = (np.mean(a) - np.mean(b)) / np.sqrt(p * (1 - p) * (1 / len(a) + 1 / len(b)))
    return [*rows, np.abs(z) > 1.96]
