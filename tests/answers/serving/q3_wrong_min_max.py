# steps from the smallest to the largest
def quantise(rows, bits):
    numbers, scales, restored = [], [], []
    for row in rows:
        low, scale = min(row), (max(row) - min(row)) / (2**bits - 1) or 1
        numbers.append([round((x - low) / scale) for x in row])
        scales.append(scale)
        restored.append([n * scale + low for n in numbers[-1]])
    return [numbers, scales, restored]
