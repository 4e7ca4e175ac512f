# multiplies the weights and marks in the order in which they stand
def fragile(marks, weights, by):
    def first(weights):
        scores = {tool: sum(w * m for w, m in zip(weights.values(), row.values())) for tool, row in marks.items()}
        return max(scores, key=scores.get)

    return [
        need
        for need in weights
        if any(first({**weights, need: weights[need] * f}) != first(weights) for f in (1 - by, 1 + by))
    ]
