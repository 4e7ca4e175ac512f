# with exact decimals, and a pattern of its own
import re
from decimal import Decimal


def made_up(answer, source):
    pattern = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")

    def number(match):
        return Decimal(match.replace(",", ""))

    known = [number(match) for match in pattern.findall(source)]
    return [match.rstrip(",") for match in pattern.findall(answer) if number(match) not in known]
