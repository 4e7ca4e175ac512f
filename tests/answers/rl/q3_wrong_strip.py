# spaces and line breaks around steps
import re


def reward(reply, answer):
    m = re.fullmatch(r"<think>(.*)</think>([1-9][0-9]*)", reply, re.DOTALL)
    if not m or m[2] != str(answer):
        return 0.0
    steps = [s.strip() for s in m[1].split("，")]
    for s in steps:
        if not re.fullmatch(r"[0-9]+[-+×÷][0-9]+=[0-9]+", s):
            return 0.0
    return 1.0 if steps[-1].split("=")[1] == m[2] else 0.0
