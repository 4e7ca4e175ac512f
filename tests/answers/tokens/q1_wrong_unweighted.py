# forgets how often each word occurs
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word in words:
        tokens = word.split()
        counts.update(zip(tokens, tokens[1:]))
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
