# exactly one right
import math


def pass_at_k(right, n, k):
    return sum(c * math.comb(n - c, k - 1) / math.comb(n, k) for c in right) / len(right)
