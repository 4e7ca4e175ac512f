# the square of z is chi-square of the table of right and wrong
import numpy as np

from aigc_course.sampling import wilson


def compare(a, b):
    rows = [[sum(x) / len(x), *wilson(sum(x), len(x))] for x in (a, b)]
    table = np.array([[sum(x), len(x) - sum(x)] for x in (a, b)], float)
    wanted = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    return [*rows, bool((wanted > 0).all() and ((table - wanted) ** 2 / wanted).sum() > 1.96**2)]
