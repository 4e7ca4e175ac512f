# yes or no
def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return max(scores, key=scores.get)


def fragile(marks, weights, by):
    return any(first(marks, {**weights, n: weights[n] * (1 + by)}) != first(marks, weights) for n in weights)
