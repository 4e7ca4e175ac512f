# the course's own function
import torch

from aigc_course import diffusion


def ddim_step(x, noise, a, a_next):
    return diffusion.ddim_step(torch.tensor(x), torch.tensor(noise), a, a_next)
