# counts a pair only once in each word
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split()
        for pair in set(zip(tokens, tokens[1:])):
            counts[pair] += times
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
