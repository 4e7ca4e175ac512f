# diffusers' own scheduler, with a table of two levels
import torch
from diffusers import DDIMScheduler


def ddim_step(x, noise, a, a_next):
    scheduler = DDIMScheduler(
        2, trained_betas=[1 - a_next, 1 - a / a_next], clip_sample=False, set_alpha_to_one=False, steps_offset=0
    )
    scheduler.set_timesteps(2)
    return scheduler.step(torch.tensor(noise, dtype=torch.float64), 1, torch.tensor(x, dtype=torch.float64)).prev_sample
