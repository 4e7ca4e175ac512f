# returns a hundred million numbers
def best_pair(words):
    return [0] * 100_000_000
