# pairs that do not overlap: takes tokens two by two
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split()
        for pair in zip(tokens[::2], tokens[1::2]):
            counts[pair] += times
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
