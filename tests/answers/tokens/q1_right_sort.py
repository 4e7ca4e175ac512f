# every pair written out as often as it occurs, then sorted
def best_pair(words):
    pairs = []
    for word, times in words.items():
        tokens = word.split()
        pairs += list(zip(tokens[:-1], tokens[1:])) * times
    pairs.sort()
    best, most = None, 0
    for pair in pairs:
        if pairs.count(pair) > most:
            best, most = pair, pairs.count(pair)
    return list(best)
