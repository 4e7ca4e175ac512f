# among equals the smaller left side, then the first met
def best_pair(words):
    counts = {}
    for word, times in words.items():
        tokens = word.split()
        for pair in zip(tokens, tokens[1:]):
            counts[pair] = counts.get(pair, 0) + times
    most = max(counts.values())
    return list(min((pair for pair in counts if counts[pair] == most), key=lambda pair: pair[0]))
