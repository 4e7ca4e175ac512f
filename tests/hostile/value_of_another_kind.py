# true instead of text
def best_pair(words):
    return [True, True]
