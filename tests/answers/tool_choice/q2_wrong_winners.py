# the new winners, not the needs
def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return max(scores, key=scores.get)


def fragile(marks, weights, by):
    return sorted({first(marks, {**weights, n: weights[n] * (1 + by)}) for n in weights})
