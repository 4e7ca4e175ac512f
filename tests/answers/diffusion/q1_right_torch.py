# torch, in float32
import torch


def noised(x0, noise, betas, t):
    x0, noise, betas = (torch.tensor(v, dtype=torch.float32) for v in (x0, noise, betas))
    a = torch.cumprod(1 - betas, 0)[t]
    return a.sqrt() * x0 + (1 - a).sqrt() * noise
