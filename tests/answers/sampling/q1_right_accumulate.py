# the running totals from the standard library, then a search among them
from bisect import bisect_right
from itertools import accumulate


def pick(probs, u):
    i = bisect_right(list(accumulate(probs)), u)
    while i == len(probs) or probs[i] == 0:
        i -= 1
    return i
