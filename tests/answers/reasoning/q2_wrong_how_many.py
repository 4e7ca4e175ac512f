# counts the faults
import re


def first_fault(thinking):
    before = faults = None
    faults = 0
    for i, step in enumerate(thinking.split("，") if thinking else []):
        left, op, right, result = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step).groups()
        a, b, c = int(left), int(right), int(result)
        correct = {"+": a + b == c, "-": a - b == c, "×": a * b == c, "÷": a == b * c}[op]
        joined = before in (None, a)
        if not (correct and joined):
            faults += 1
        before = c
    return faults or None
