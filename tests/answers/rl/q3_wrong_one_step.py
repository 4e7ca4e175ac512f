# pays replies of a single step only
import re


def reward(reply, answer):
    return 1.0 if re.fullmatch(f"<think>[0-9]+[-+×÷][0-9]+={answer}</think>{answer}", reply) else 0.0
