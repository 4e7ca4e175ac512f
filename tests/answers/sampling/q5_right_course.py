# the course's own functions
import torch

from aigc_course import sampling


def impossible(logits, possible, T):
    warm = sampling.softmax(sampling.apply_temperature(torch.tensor(logits), T))
    return sampling.invalid_mass(warm, dict.fromkeys(possible))
