# returns NaN and infinities
def best_pair(words):
    return [float("nan"), float("inf")]
