# torch, with cdist
import torch

from aigc_course.pictures import BACKGROUNDS, COLOURS


def describe(picture, colour):
    pixels = torch.tensor(picture, dtype=torch.float32)
    edge = torch.cat([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).median(0).values
    grounds, colours = (torch.tensor(list(d.values()), dtype=torch.float32) for d in (BACKGROUNDS, COLOURS))
    at = int(torch.cdist(edge[None], grounds).argmin())
    found = torch.cdist(pixels.reshape(-1, 3), torch.cat([colours, grounds[at : at + 1]])).argmin(1)
    return [list(BACKGROUNDS)[at], (found == list(COLOURS).index(colour)).double().mean()]
