# exact fractions, and the operations looked up
import operator
import re
from fractions import Fraction

OPERATIONS = {"+": operator.add, "-": operator.sub, "×": operator.mul, "÷": operator.truediv}


def first_fault(thinking):
    steps = [re.split(r"([-+×÷=])", step) for step in thinking.split("，") if step]
    for i, (a, op, b, _, c) in enumerate(steps):
        if OPERATIONS[op](Fraction(a), Fraction(b)) != Fraction(c):
            return i
        if i and steps[i - 1][-1] != a:
            return i
