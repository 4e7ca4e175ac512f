# torch's own numbers, which have seven digits
import torch


def signal(rewards):
    r = torch.tensor(rewards).float()
    p = r.mean()
    G = r.shape[1]
    return [float((r.std(1) > 0).float().mean()), float(1 - p**G - (1 - p) ** G)]
