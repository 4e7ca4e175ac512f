# each only once
import re


def made_up(answer, source):
    def numbers(text):
        return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)

    known = {float(number.replace(",", "")) for number in numbers(source)}
    found = [number for number in numbers(answer) if float(number.replace(",", "")) not in known]
    return list(dict.fromkeys(found))
