# a weight that was moved is not put back
def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return max(scores, key=scores.get)


def fragile(marks, weights, by):
    winner, found = first(marks, weights), []
    for need in weights:
        weights[need] *= 1 + by
        if first(marks, weights) != winner:
            found.append(need)
    return found
