# torch's numbers of seven digits
import torch


def paired_interval(before, after, draws):
    changes = (torch.tensor(after) - torch.tensor(before)).float().mean(dim=1)
    means = changes[torch.tensor(draws)].mean(dim=1).sort().values
    cut = len(draws) // 40
    return [changes.mean(), means[cut], means[-1 - cut]]
