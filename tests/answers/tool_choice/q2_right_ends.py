# the two ends against each other: the lead is a straight line, so the same winner at both is the winner in between
import numpy as np


def fragile(marks, weights, by):
    table = np.array([[row[need] for need in weights] for row in marks.values()], dtype=float)
    found = []
    for i, need in enumerate(weights):
        ends = []
        for factor in (1 - by, 1 + by):
            moved = np.array(list(weights.values()), dtype=float)
            moved[i] *= factor
            ends.append(int((table @ moved).argmax()))
        if ends[0] != ends[1]:
            found.append(need)
    return found
