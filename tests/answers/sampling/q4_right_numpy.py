# numpy, all at once
import numpy as np


def penalise(logits, seen, penalty):
    new = np.array(logits)
    where = np.array(sorted(set(seen)), dtype=int)
    new[where] = np.where(new[where] > 0, new[where] / penalty, new[where] * penalty)
    return new.tolist()
