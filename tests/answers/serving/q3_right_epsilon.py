# a little is added to each scale, so that none is 0
def quantise(rows, bits):
    largest = 2 ** (bits - 1) - 1
    scales = [max(abs(x) for x in row) / largest + 1e-8 for row in rows]
    numbers = [[round(x / s) for x in row] for row, s in zip(rows, scales, strict=True)]
    return [numbers, scales, [[n * s for n in row] for row, s in zip(numbers, scales, strict=True)]]
