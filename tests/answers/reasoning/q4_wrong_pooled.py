# all the questions in one pot
import math


def pass_at_k(right, n, k):
    return 1 - math.comb(n * len(right) - sum(right), k) / math.comb(n * len(right), k)
