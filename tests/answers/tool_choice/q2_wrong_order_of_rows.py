# goes through the needs in the order of the first row
def fragile(marks, weights, by):
    def first(weights):
        scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
        return max(scores, key=scores.get)

    return [
        need
        for need in next(iter(marks.values()))
        if any(first({**weights, need: weights[need] * f}) != first(weights) for f in (1 - by, 1 + by))
    ]
