def first(marks, weights):
    scores = {tool: sum(weights[need] * row[need] for need in weights) for tool, row in marks.items()}
    return max(scores, key=scores.get)


# each weight moved in a copy
def fragile(marks, weights, by):
    found = []
    for need in weights:
        for step in (by, -by):
            moved = dict(weights)
            moved[need] += step * weights[need]
            if first(marks, moved) != first(marks, weights):
                found.append(need)
                break
    return found
