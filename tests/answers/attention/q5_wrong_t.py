# chooses by how many standard errors the mean is from 0, not by the mean
import math
from statistics import mean, stdev


def which_head(model, first, second):
    def effects(head, texts):
        return [probability(model, text) - probability(model, text, head) for text in texts]

    def t(head):
        found = effects(head, first)
        return abs(mean(found)) / stdev(found) if stdev(found) else 0.0

    best = max(range(len(model)), key=t)
    found = effects(best, second)
    half = 1.96 * stdev(found) / math.sqrt(len(found))
    return [best, mean(found), mean(found) - half, mean(found) + half]
