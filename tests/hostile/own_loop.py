# returns a list that holds itself
def best_pair(words):
    value = []
    value.append(value)
    return value
