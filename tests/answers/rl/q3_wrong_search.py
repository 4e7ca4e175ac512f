# finds a good reply anywhere in the text
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    return 1.0 if re.search(f"<think>({step}，)*[0-9]+[-+×÷][0-9]+={answer}</think>{answer}\\Z", reply) else 0.0
