# every threshold at once
import numpy as np


def choose(rows, may_lose):
    sure, cr, cc, tr, tc = (
        np.array([float(row[key]) for row in rows])
        for key in ("sure", "cheap_right", "cheap_cost", "thinking_right", "thinking_cost")
    )
    kept = sure >= sure[:, None]
    right = np.where(kept, cr, tr).sum(1)
    cost = cc.sum() + np.where(kept, 0, tc).sum(1)
    cost[right < tr.sum() - may_lose] = np.inf
    i = int(cost.argmin())
    if cost[i] >= tc.sum():
        return [None, tr.sum(), tc.sum()]
    return [sure[i], right[i], cost[i]]
