# the course's own functions
import torch

from aigc_course import diffusion


def noised(x0, noise, betas, t):
    a = diffusion.signal_left(torch.tensor(betas, dtype=torch.float64))[t]
    return diffusion.add_noise(torch.tensor(x0), torch.tensor(noise, dtype=torch.float64), a)
