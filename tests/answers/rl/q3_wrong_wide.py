# digits of other scripts pass
import re


def reward(reply, answer):
    found = re.fullmatch("<think>(.*)</think>" + str(answer), reply)
    steps = found[1].split("，") if found else []
    good = steps and all(re.fullmatch(r"(\d+)([+×÷-])(\d+)=(\d+)", step) for step in steps)
    return int(bool(good) and steps[-1].endswith(f"={answer}"))
