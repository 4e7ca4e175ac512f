# the dollar sign also matches before a line break at the end
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    return 1.0 if re.match(f"^<think>({step}，)*[0-9]+[-+×÷][0-9]+={answer}</think>{answer}$", reply) else 0.0
