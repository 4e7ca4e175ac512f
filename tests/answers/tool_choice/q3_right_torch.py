# torch's numbers, which have seven digits
import torch


def choose(rows, may_lose):
    keys = "sure", "cheap_right", "cheap_cost", "thinking_right", "thinking_cost"
    sure, cr, cc, tr, tc = (torch.tensor([float(row[key]) for row in rows]) for key in keys)
    best = [None, tr.sum(), tc.sum()]
    for threshold in sure.unique():
        keep = sure >= threshold
        right, cost = torch.where(keep, cr, tr).sum(), cc.sum() + tc[~keep].sum()
        if right >= tr.sum() - may_lose and cost < best[2]:
            best = [threshold, right, cost]
    return best
