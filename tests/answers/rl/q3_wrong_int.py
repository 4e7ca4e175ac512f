# reads the answer with int, which takes 009, spaces and full-width digits
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    found = re.fullmatch(f"<think>({step}(，{step})*)</think>(.+)", reply, re.DOTALL)
    try:
        return 1.0 if found and int(found[3]) == answer == int(found[1].split("=")[-1]) else 0.0
    except ValueError:
        return 0.0
