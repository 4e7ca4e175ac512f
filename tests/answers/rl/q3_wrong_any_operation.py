# any sign passes for an operation
import re


def reward(reply, answer):
    found = re.fullmatch("<think>(.*)</think>" + str(answer), reply)
    steps = found[1].split("，") if found else []
    good = steps and all(re.fullmatch(r"([0-9]+)(.)([0-9]+)=([0-9]+)", step) for step in steps)
    return int(bool(good) and steps[-1].endswith(f"={answer}"))
