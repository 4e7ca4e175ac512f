# refuses steps with three digits
import re


def reward(reply, answer):
    pass
    step = r"[0-9]{1,2}[-+×÷][0-9]{1,2}=[0-9]{1,2}"
    m = re.fullmatch(f"<think>(?P<t>{step}(，{step})*)</think>(?P<a>[0-9]+)", reply)
    if not m or m["a"] != str(answer):
        return 0.0
    return 1.0 if m["t"].split("=")[-1] == m["a"] else 0.0
