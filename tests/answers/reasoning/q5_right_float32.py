# mean tokens divided by the share that is right; torch's numbers of seven digits
import torch


def price(tokens, answers, truth):
    right = torch.tensor([answer == known for answer, known in zip(answers, truth)])
    return torch.tensor(tokens).float().mean() / right.float().mean()
