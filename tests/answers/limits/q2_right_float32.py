# with NumPy's short numbers
import numpy as np


def choose(first, second, wrong, silent):
    f = np.array(first, dtype=np.float32)
    s = np.array(second, dtype=np.float32)

    def cost(h, t):
        return np.where(h[:, 0] < t, silent, wrong * (1 - h[:, 1])).mean()

    cand = np.unique(np.r_[0, f[:, 0], 1.1])
    t = cand[np.argmin([cost(f, x) for x in cand])]
    return [t, cost(f, t), cost(s, t), (s[:, 0] >= t).mean()]
