# Counter and a key
from collections import Counter


def best_pair(words):
    counts = Counter()
    for word, times in words.items():
        tokens = word.split(" ")
        for i in range(len(tokens) - 1):
            counts[tokens[i], tokens[i + 1]] += times
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
