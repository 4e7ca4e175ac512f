# a step needs no second number
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]*=[0-9]+"
    found = re.fullmatch(f"<think>({step}(，{step})*)</think>([0-9]+)", reply)
    if not found:
        return 0.0
    last = found[1].split("=")[-1]
    return 1.0 if last == found[3] == str(answer) else 0.0
