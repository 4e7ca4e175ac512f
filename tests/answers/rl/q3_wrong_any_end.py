# does not ask whether the steps end on the answer
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    return 1.0 if re.fullmatch(f"<think>{step}(，{step})*</think>{answer}", reply) else 0.0
