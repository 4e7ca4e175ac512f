# all k right
import math


def pass_at_k(right, n, k):
    return sum(math.comb(c, k) / math.comb(n, k) for c in right) / len(right)
