# torch, as in the lesson
import torch


def earned(logp, logp_old, A, clip):
    ratio = (torch.tensor(logp, dtype=torch.float64) - torch.tensor(logp_old, dtype=torch.float64)).exp()
    return torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)
