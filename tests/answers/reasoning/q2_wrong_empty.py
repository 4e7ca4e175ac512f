# takes a text without steps for one step
import re


def first_fault(thinking):
    before = None
    for i, step in enumerate(thinking.split("，")):
        found = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step)
        if not found:
            return i
        a, b, c = int(found[1]), int(found[3]), int(found[4])
        if not {"+": a + b == c, "-": a - b == c, "×": a * b == c, "÷": a == b * c}[found[2]]:
            return i
        if before not in (None, a):
            return i
        before = c
    return None
