# how many there are
import re


def made_up(answer, source):
    known = set(re.findall(r"\d+", source))
    return sum(number not in known for number in re.findall(r"\d+", answer))
