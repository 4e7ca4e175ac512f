# sees two decimals at most
import re


def made_up(answer, source):
    pattern = r"\d+(?:,\d{3})*(?:\.\d{1,2})?"

    def number(word):
        return float(word.replace(",", ""))

    known = {number(word) for word in re.findall(pattern, source)}
    return [word for word in re.findall(pattern, answer) if number(word) not in known]
