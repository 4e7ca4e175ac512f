# returns a generator that never ends
import itertools


def best_pair(words):
    return itertools.count()
