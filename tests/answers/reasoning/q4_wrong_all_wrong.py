# forgets to take it from 1
import math


def pass_at_k(right, n, k):
    return sum(math.comb(n - c, k) / math.comb(n, k) for c in right) / len(right)
