# torch's numbers of seven digits
import torch


def score(marks):
    shares = {wording: torch.tensor([float(mark is True) for mark in row]).mean() for wording, row in marks.items()}
    values = torch.stack(list(shares.values()))
    return [values.mean(), min(shares, key=shares.get), values.max() - values.min()]
