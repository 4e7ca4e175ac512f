# match looks at the beginning only
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    return 1.0 if re.match(f"<think>({step}，)*[0-9]+[-+×÷][0-9]+={answer}</think>{answer}", reply) else 0.0
