# torch's least squares, everything a tensor
import torch


def referee(ours, theirs, n):
    found = []
    for rows in (ours, theirs):
        logs = torch.tensor(rows, dtype=torch.float64).log()
        columns = torch.stack([logs[:, 0], torch.ones(len(rows), dtype=torch.float64)], dim=1)
        line = torch.linalg.lstsq(columns, logs[:, 1:]).solution
        found.append((line[0], (line[0] * torch.tensor(float(n)).log() + line[1]).exp()))
    (powers, mine), (_, other) = found
    share, times = mine[1] / other[1], other[0] / mine[0]
    return [*powers, share, times, share <= 0.6, times >= 1.3]
