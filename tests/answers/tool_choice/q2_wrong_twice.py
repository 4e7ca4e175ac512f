# lists a need once for each direction
def fragile(marks, weights, by):
    def first(weights):
        scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
        return max(scores, key=scores.get)

    return [
        need
        for need in weights
        for factor in (1 - by, 1 + by)
        if first({**weights, need: weights[need] * factor}) != first(weights)
    ]
