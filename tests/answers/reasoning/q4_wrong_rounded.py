# rounds to three decimals
import math


def pass_at_k(right, n, k):
    return round(sum(1 - math.comb(n - c, k) / math.comb(n, k) for c in right) / len(right), 3)
