# a plain comma separates steps, too
import re


def reward(reply, answer):
    m = re.fullmatch(r"<think>(.*)</think>([1-9][0-9]*)", reply)
    if not m or m[2] != str(answer):
        return 0.0
    steps = re.split("[，,]", m[1])
    for s in steps:
        if not re.fullmatch(r"[0-9]+[-+×÷][0-9]+=[0-9]+", s):
            return 0.0
    return 1.0 if steps[-1].split("=")[1] == m[2] else 0.0
