# with tensors
import torch


def reliability(confidence, right, bins):
    c = torch.tensor(confidence)
    r = torch.tensor(right).float()
    p = torch.ceil(c * bins).clamp(min=1).long()
    rows = []
    ece = 0
    for b in p.unique():
        m = p == b
        rows.append([m.sum(), c[m].mean(), r[m].mean()])
        ece = ece + m.sum() * abs(c[m].mean() - r[m].mean()) / len(c)
    return rows, ece
