# torch's own numbers, which have seven digits
import math

import torch


def pass_at_k(right, n, k):
    return torch.tensor([1 - math.comb(n - c, k) / math.comb(n, k) for c in right]).mean()
