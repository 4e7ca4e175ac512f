# a table of who beats whom
import numpy as np


def frontier(points):
    names, table = list(points), np.array(list(points.values()), dtype=float)
    cost, right = table.T
    no_dearer, no_worse = cost[:, None] <= cost, right[:, None] >= right
    other = (cost[:, None] != cost) | (right[:, None] != right)
    stay = ~(no_dearer & no_worse & other).any(0)
    return [names[i] for i in np.argsort(cost, kind="stable") if stay[i]]
