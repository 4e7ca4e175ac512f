# finds all the faults, then the first of them; NumPy's number
import re

import numpy as np


def first_fault(thinking):
    if not thinking:
        return None
    a, b, c, op = [], [], [], []
    for step in thinking.split("，"):
        left, sign, right, result = re.match(r"(\d+)(.)(\d+)=(\d+)$", step).groups()
        a.append(int(left)), b.append(int(right)), c.append(int(result)), op.append(sign)
    a, b, c, op = map(np.array, (a, b, c, op))
    right = np.select([op == "+", op == "-", op == "×"], [a + b == c, a - b == c, a * b == c], a == b * c)
    joined = np.append(True, a[1:] == c[:-1])
    faults = np.flatnonzero(~(right & joined))
    return faults[0] if len(faults) else None
