# the share plus and minus 1.96 standard errors
import math


def wilson(k, n, z=1.96):
    p = k / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [p, (p + z * z / (2 * n) - half) / (1 + z * z / n), (p + z * z / (2 * n) + half) / (1 + z * z / n)]


def score(a, b):
    p = sum(a + b) / len(a + b)
    error = math.sqrt(p * (1 - p) * (1 / len(a) + 1 / len(b)))
    return (sum(a) / len(a) - sum(b) / len(b)) / error if error else 0.0


def compare(a, b):
    rows = []
    for x in (a, b):
        p = sum(x) / len(x)
        half = 1.96 * math.sqrt(p * (1 - p) / len(x))
        rows.append([p, p - half, p + half])
    return [*rows, abs(score(a, b)) > 1.96]
