# adds up and does not average
import math


def pass_at_k(right, n, k):
    return sum(1 - math.comb(n - c, k) / math.comb(n, k) for c in right)
