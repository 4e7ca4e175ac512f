# takes a number for another that is less than half away
import re


def made_up(answer, source):
    pattern = r"\d+(?:,\d{3})*(?:\.\d+)?"

    def number(word):
        return float(word.replace(",", ""))

    known = [number(word) for word in re.findall(pattern, source)]
    return [word for word in re.findall(pattern, answer) if all(abs(number(word) - x) >= 0.49 for x in known)]
