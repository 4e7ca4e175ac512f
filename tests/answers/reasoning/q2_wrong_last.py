# goes on to the last fault
import re


def first_fault(thinking):
    before = last = None
    for i, step in enumerate(thinking.split("，") if thinking else []):
        left, op, right, result = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step).groups()
        a, b, c = int(left), int(right), int(result)
        correct = {"+": a + b == c, "-": a - b == c, "×": a * b == c, "÷": a == b * c}[op]
        joined = before in (None, a)
        if not (correct and joined):
            last = i
        before = c
    return last
