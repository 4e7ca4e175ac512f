# with NumPy: None becomes False, argmin takes the first
import numpy as np


def score(marks):
    shares = np.array([np.mean([bool(mark) for mark in row]) for row in marks.values()])
    return [shares.mean(), list(marks)[int(shares.argmin())], float(np.ptp(shares))]
