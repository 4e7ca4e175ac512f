# with decimals, and a function for one statement
from decimal import ROUND_HALF_UP, Decimal


def verdict(source, what, text, unit):
    if what not in source:
        return "missing"
    (value, its), said = source[what], Decimal(text)
    (kind, size), (other, times) = UNITS[unit], UNITS[its]
    if kind != other:
        return "unit"
    converted = Decimal(str(value)) * times / size
    return "yes" if converted.quantize(said, ROUND_HALF_UP) == said else "no"


def verify(said, source):
    return [verdict(source, *one) for one in said]
