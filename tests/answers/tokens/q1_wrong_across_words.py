# goes on from the end of one word to the beginning of the next
from collections import Counter


def best_pair(words):
    counts = Counter()
    row = [(token, times) for word, times in words.items() for token in word.split()]
    for (left, times), (right, _) in zip(row, row[1:]):
        counts[left, right] += times
    return list(min(counts, key=lambda pair: (-counts[pair], pair)))
