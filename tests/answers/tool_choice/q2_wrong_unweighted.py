# compared with the winner by plain marks
def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return max(scores, key=scores.get)


def fragile(marks, weights, by):
    winner = first(marks, dict.fromkeys(weights, 1))
    return [
        n for n in weights if any(first(marks, {**weights, n: weights[n] * (1 + step)}) != winner for step in (by, -by))
    ]
