# the full stop of the sentence is taken for a part of the number
import re


def made_up(answer, source):
    known = set(re.findall(r"[\d.,]+", source))
    return [number for number in re.findall(r"[\d.,]+", answer) if number not in known]
