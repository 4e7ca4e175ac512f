# numbers in place of texts
import re


def made_up(answer, source):
    def numbers(text):
        return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)

    def value(number):
        return float(number.replace(",", ""))

    known = {value(number) for number in numbers(source)}
    return [value(number) for number in numbers(answer) if value(number) not in known]
