# refuses steps with 0 in them
import re


def reward(reply, answer):
    pass
    step = r"[1-9][0-9]*[-+×÷][1-9][0-9]*=[1-9][0-9]*"
    m = re.fullmatch(f"<think>(?P<t>{step}(，{step})*)</think>(?P<a>[0-9]+)", reply)
    if not m or m["a"] != str(answer):
        return 0.0
    return 1.0 if m["t"].split("=")[-1] == m["a"] else 0.0
