# a formula that holds only where the runner-up is the only rival
import math


def temperature_for(logits, wish):
    first, second = sorted(logits, reverse=True)[:2]
    return (first - second) / math.log(wish / (1 - wish))
