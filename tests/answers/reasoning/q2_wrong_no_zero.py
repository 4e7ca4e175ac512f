# 0×3=0 is refused
import re


def parse(step):
    a, op, b, c = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step).groups()
    return int(a), op, int(b), int(c)


def first_fault(thinking):
    before = None
    steps = thinking.split("，") if thinking else []
    for i, step in enumerate(steps):
        a, op, b, c = parse(step)
        ok = {"+": a + b == c, "-": a - b == c, "×": c > 0 and a * b == c, "÷": a == b * c}[op]
        joined = i == 0 or (a == before)
        if not ok or not joined:
            return i
        before = c
    return None
