# a row of zeros becomes ones
def quantise(rows, bits):
    largest = 2 ** (bits - 1) - 1
    scales = [max(abs(x) for x in row) / largest for row in rows]
    numbers = [[round(x / (s or 1)) if s else 1 for x in row] for row, s in zip(rows, scales, strict=True)]
    restored = [[n * s for n in row] for row, s in zip(numbers, scales, strict=True)]
    return [numbers, scales, restored]
