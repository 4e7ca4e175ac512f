"""Weights as small whole numbers: a quantiser in ten lines, the numbers packed bit by bit, a model made of them."""

import copy

import numpy as np
import torch
from torch import Tensor

from aigc_course.errors import CourseError


def quantise(w: Tensor, bits: int = 8) -> tuple[Tensor, Tensor]:
    """(whole numbers, scales) of a matrix (rows, columns), one scale for each row: w ≈ numbers · scales.

    The largest number of a row becomes 2^(bits−1) − 1, the rest is rounded in proportion (absmax). So no weight is
    wrong by more than half a scale. numbers: int8 (rows, columns); scales: (rows, 1). bits: 2 to 8.
    """
    if bits not in range(2, 9):
        raise CourseError(f"bits 要是 2 到 8 的整数，现在是 {bits!r}。", f"bits must be 2 to 8, but it is {bits!r}.")
    largest = 2 ** (bits - 1) - 1
    scales = w.abs().amax(-1, keepdim=True) / largest
    numbers = (w / scales.clamp(min=torch.finfo(w.dtype).tiny)).round()
    return numbers.clamp(-largest, largest).to(torch.int8), scales


def dequantise(numbers: Tensor, scales: Tensor) -> Tensor:
    """What the numbers stand for."""
    return numbers.to(scales.dtype) * scales


def pack(numbers: Tensor, bits: int) -> bytes:
    """Whole numbers of `bits` bits, one after the other without gaps: 8 numbers of 3 bits take 3 bytes."""
    above = (numbers.flatten().to(torch.int16) + 2 ** (bits - 1)).numpy()
    return np.packbits((above[:, None] >> np.arange(bits)) & 1).tobytes()


def unpack(data: bytes, bits: int, shape: tuple[int, ...]) -> Tensor:
    """The numbers again, as int8 of this shape."""
    count = int(np.prod(shape))
    places = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits).reshape(count, bits).astype(np.int16)
    return torch.from_numpy((places << np.arange(bits)).sum(1) - 2 ** (bits - 1)).to(torch.int8).view(shape)


@torch.no_grad()
def quantised(model, bits: int):
    """(a copy of the model whose matrices are what quantised ones stand for, bytes that they take when packed).

    Scales count 2 bytes each, and the few parameters that are no matrix stay as they are. The copy computes with
    floating-point numbers: it is as good as the quantised model, not as fast.
    """
    model, size = copy.deepcopy(model), 0
    for weights in model.parameters():  # a matrix shared by two layers comes once
        if weights.ndim == 2:
            numbers, scales = quantise(weights, bits)
            scales = scales.half().to(weights.dtype)
            size += len(pack(numbers, bits)) + 2 * len(scales)
            weights.copy_(dequantise(numbers, scales))
        else:
            size += weights.nbytes
    return model, size
