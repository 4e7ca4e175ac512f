# takes the tools of the example
def fragile(marks, weights, by):
    def first(weights):
        a, b = (sum(weights[need] * marks[tool][need] for need in weights) for tool in "AB")
        return "A" if a > b else "B"

    return [
        need
        for need in weights
        if any(first({**weights, need: weights[need] * f}) != first(weights) for f in (1 - by, 1 + by))
    ]
