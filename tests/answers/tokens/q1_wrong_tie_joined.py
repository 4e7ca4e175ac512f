# among equals compares the two sides written together
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split()
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += times
    return list(min(counts, key=lambda pair: (-counts[pair], "".join(pair))))
