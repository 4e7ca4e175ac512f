# in 32 bits
import torch


def quantise(rows, bits):
    w = torch.tensor(rows)
    scales = w.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
    numbers = (w / scales.clamp(min=1e-30)).round().to(torch.int8)
    return numbers, scales[:, 0], numbers * scales
