# a pair is a complex number, and turning is a multiplication
import cmath


def rope(x, places, theta=10000.0):
    half, rows = len(x[0]) // 2, []
    for row, place in zip(x, places):
        pairs = [complex(row[i], row[i + half]) * cmath.exp(1j * place * theta ** (-i / half)) for i in range(half)]
        rows.append([pair.real for pair in pairs] + [pair.imag for pair in pairs])
    return rows
