# looked for anywhere in the source
import re


def made_up(answer, source):
    return [number for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", answer) if number not in source]
