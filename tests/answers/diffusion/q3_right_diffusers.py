# diffusers' own scheduler
import numpy as np
import torch
from diffusers import DDIMScheduler


def paint(noise, alpha_bars, steps, prompt, g, negative=None):
    kept = np.array(alpha_bars)
    scheduler = DDIMScheduler(
        len(kept),
        trained_betas=1 - kept / np.array([1.0, *kept[:-1]]),
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="leading",
    )
    scheduler.set_timesteps(steps)
    x = torch.tensor(noise, dtype=torch.float64)
    for t in scheduler.timesteps:
        a = scheduler.alphas_cumprod[t]
        free = guess(x, a, EMPTY if negative is None else negative)
        x = scheduler.step(free + g * (guess(x, a, prompt) - free), t, x).prev_sample
    return x
