# returns a list a hundred thousand deep
def best_pair(words):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
