# waits for somebody to type
def best_pair(words):
    return [input(), input()]
