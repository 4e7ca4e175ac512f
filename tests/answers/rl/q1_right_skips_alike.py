# groups that are all alike are treated apart
import torch


def advantages(groups):
    result = []
    for group in groups:
        if min(group) == max(group):
            result.append([0] * len(group))
        else:
            r = torch.tensor(group, dtype=torch.float64)
            result.append((r - r.mean()) / (r.std() + 1e-4))
    return result
