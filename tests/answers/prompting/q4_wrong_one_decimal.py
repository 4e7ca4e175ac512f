# compares to one decimal
import re


def made_up(answer, source):
    pattern = r"\d+(?:,\d{3})*(?:\.\d+)?"

    def number(word):
        return round(float(word.replace(",", "")), 1)

    known = {number(word) for word in re.findall(pattern, source)}
    return [word for word in re.findall(pattern, answer) if number(word) not in known]
