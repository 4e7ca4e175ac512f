# 127 steps in a scale that is made for 128
def quantise(rows, bits):
    half = 2 ** (bits - 1)
    scales = [max(map(abs, row)) / half for row in rows]
    numbers = [
        [max(-half, min(half - 1, round(x / (s or 1)))) for x in row] for row, s in zip(rows, scales, strict=True)
    ]
    return [numbers, scales, [[n * s for n in row] for row, s in zip(numbers, scales, strict=True)]]
