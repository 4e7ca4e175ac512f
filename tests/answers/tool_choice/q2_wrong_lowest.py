# the lowest score comes first
def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return min(scores, key=scores.get)


def fragile(marks, weights, by):
    return [
        n
        for n in weights
        if any(first(marks, {**weights, n: weights[n] * (1 + step)}) != first(marks, weights) for step in (by, -by))
    ]
