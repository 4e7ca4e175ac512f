# numpy, all draws at once
import numpy as np


def kl(p, q, drawn):
    x = np.log(np.array(q)[drawn]) - np.log(np.array(p)[drawn])
    return [(-x).mean(), (np.exp(x) - x - 1).mean()]
