# the thinking ends with the digits of the answer: 6+80=86 for 6
import re


def reward(reply, answer):
    m = re.fullmatch(r"<think>(.*)</think>([1-9][0-9]*)", reply)
    if not m or m[2] != str(answer):
        return 0.0
    steps = m[1].split("，")
    for s in steps:
        if not re.fullmatch(r"[0-9]+[-+×÷][0-9]+=[0-9]+", s):
            return 0.0
    return 1.0 if m[1].endswith(str(answer)) else 0.0
