# among equals takes the pair that comes last as strings
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split()
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += times
    return list(max(counts, key=lambda pair: (counts[pair], pair)))
