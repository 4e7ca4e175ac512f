# as if samples were put back
import math


def pass_at_k(right, n, k):
    return sum(1 - (1 - c / n) ** k for c in right) / len(right)
