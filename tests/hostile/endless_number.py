# returns a number with a million digits
def best_pair(words):
    return [10**1_000_000, 1]
