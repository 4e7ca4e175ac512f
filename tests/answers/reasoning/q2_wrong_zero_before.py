# a result of 0 counts as no step before
from fractions import Fraction


def first_fault(thinking):
    before = None
    for i, step in enumerate(filter(None, thinking.split("，"))):
        left, result = step.split("=")
        op = next(c for c in left if c in "+-×÷")
        a, b = map(int, left.split(op))
        truth = {"+": a + b, "-": a - b, "×": a * b, "÷": Fraction(a, b)}[op]
        if truth != int(result) or (before and before != a):
            return i
        before = int(result)
    return None
