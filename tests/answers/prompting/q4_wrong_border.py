# asks for the border of a word, which is not there in 85kg
import re


def made_up(answer, source):
    pattern = r"\b\d+(?:,\d{3})*(?:\.\d+)?\b"

    def number(word):
        return float(word.replace(",", ""))

    known = {number(word) for word in re.findall(pattern, source)}
    return [word for word in re.findall(pattern, answer) if number(word) not in known]
