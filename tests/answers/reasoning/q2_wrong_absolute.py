# a difference without its sign
import re


def first_fault(thinking):
    before = None
    for i, step in enumerate(thinking.split("，") if thinking else []):
        left, op, right, result = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step).groups()
        a, b, c = int(left), int(right), int(result)
        correct = {"+": a + b == c, "-": abs(a - b) == c, "×": a * b == c, "÷": a == b * c}[op]
        joined = before in (None, a)
        if not (correct and joined):
            return i
        before = c
    return None
