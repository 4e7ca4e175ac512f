# takes the last number, wherever it stands
import re


def reward(reply, answer):
    numbers = re.findall("[0-9]+", reply)
    return 1.0 if numbers and numbers[-1] == str(answer) else 0.0
