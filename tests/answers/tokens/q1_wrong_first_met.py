# among equals takes the pair met first
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split()
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += times
    return list(counts.most_common(1)[0][0])
