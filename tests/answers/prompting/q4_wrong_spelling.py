# compared as they are written
import re


def made_up(answer, source):
    def numbers(text):
        return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)

    def value(number):
        return number

    known = {value(number) for number in numbers(source)}
    return [number for number in numbers(answer) if value(number) not in known]
