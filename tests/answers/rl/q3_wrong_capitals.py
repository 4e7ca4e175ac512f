# <THINK> passes
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    m = re.fullmatch(f"<think>({step}(，{step})*)</think>([0-9]+)", reply, re.I)
    return 1.0 if m and m[3] == str(answer) == m[1].split("=")[-1] else 0.0
