# no more than three digits without a comma
import re


def made_up(answer, source):
    pattern = r"\d{1,3}(?:,\d{3})*(?:\.\d+)?"

    def number(word):
        return float(word.replace(",", ""))

    known = {number(word) for word in re.findall(pattern, source)}
    return [word for word in re.findall(pattern, answer) if number(word) not in known]
