# forgets two of the operations
import re


def reward(reply, answer):
    step = "[0-9]+[-+][0-9]+=[0-9]+"
    return 1.0 if re.fullmatch(f"<think>({step}，)*[0-9]+[-+][0-9]+={answer}</think>{answer}", reply) else 0.0
