# in torch, with its usual numbers of seven digits
import torch


def advantages(groups):
    made = []
    for group in groups:
        r = torch.tensor(group, dtype=torch.float32)
        made.append(((r - r.mean()) / (r.std() + 1e-4)).tolist())
    return made
