# asks whether the reply agrees with itself, not whether it is right
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    found = re.fullmatch(f"<think>({step}(，{step})*)</think>([0-9]+)", reply)
    return 1.0 if found and found[1].split("=")[-1] == found[3] else 0.0
