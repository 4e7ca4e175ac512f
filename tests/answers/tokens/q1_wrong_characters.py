# counts pairs of characters, not of tokens
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.replace(" ", "")
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += times
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
