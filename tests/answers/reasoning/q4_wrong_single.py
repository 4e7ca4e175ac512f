# never uses k
import math


def pass_at_k(right, n, k):
    return sum(right) / len(right) / n
