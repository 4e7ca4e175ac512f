# the scale is how many steps there are in 1
def quantise(rows, bits):
    largest = 2 ** (bits - 1) - 1
    scales = [largest / (max(abs(x) for x in row) or 1) for row in rows]
    numbers = [[round(x * s) for x in row] for row, s in zip(rows, scales, strict=True)]
    restored = [[n / s for n in row] for row, s in zip(numbers, scales, strict=True)]
    return [numbers, scales, restored]
