# checks each sum and that each step goes on from the one before
import re


def reward(reply, answer):
    found = re.fullmatch("<think>(.*)</think>" + str(answer), reply)
    if found is None:
        return 0
    before = None
    for step in found.group(1).split("，"):
        match = re.fullmatch("([0-9]+)([-+×÷])([0-9]+)=([0-9]+)", step)
        if match is None:
            return 0
        a, b, c = (int(match.group(i)) for i in (1, 3, 4))
        right = {"+": a + b == c, "-": a - b == c, "×": a * b == c, "÷": a == b * c}[match.group(2)]
        if not right or before not in (None, a):
            return 0
        before = c
    return int(before == answer)
