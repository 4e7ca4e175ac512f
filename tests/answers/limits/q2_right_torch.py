# torch's numbers, which have seven digits
import torch


def choose(first, second, wrong, silent):
    def accounts(half, threshold):
        sure, right = torch.tensor(half, dtype=torch.float).T
        keep = sure >= threshold
        return torch.where(keep, wrong * (1 - right), float(silent)).mean(), keep.float().mean()

    thresholds = torch.tensor(sorted([0, 1.1, *(sure for sure, _ in first)]))
    threshold = thresholds[torch.stack([accounts(first, at)[0] for at in thresholds]).argmin()]
    return [threshold, accounts(first, threshold)[0], *accounts(second, threshold)]
