# the course's own quantiser
import torch

from aigc_course import quantise as course


def quantise(rows, bits):
    numbers, scales = course.quantise(torch.tensor(rows, dtype=torch.float64), bits)
    return [numbers, scales[:, 0], course.dequantise(numbers, scales)]
