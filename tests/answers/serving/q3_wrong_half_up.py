# halves always upwards
import math


def quantise(rows, bits):
    largest = 2 ** (bits - 1) - 1
    scales = [max(abs(x) for x in row) / largest for row in rows]
    numbers = [[math.floor(x / (s or 1) + 0.5) for x in row] for row, s in zip(rows, scales, strict=True)]
    restored = [[n * s for n in row] for row, s in zip(numbers, scales, strict=True)]
    return [numbers, scales, restored]
