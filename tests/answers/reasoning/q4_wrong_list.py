# one number for each question
import math


def pass_at_k(right, n, k):
    return [1 - math.comb(n - c, k) / math.comb(n, k) for c in right]
