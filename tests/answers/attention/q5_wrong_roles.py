# chooses on second and measures on first
import math
from statistics import mean, stdev


def which_head(model, first, second):
    def effects(head, texts):
        return [probability(model, text) - probability(model, text, head) for text in texts]

    best = max(range(len(model)), key=lambda head: abs(mean(effects(head, second))))
    found = effects(best, first)
    half = 1.96 * stdev(found) / math.sqrt(len(found))
    return [best, mean(found), mean(found) - half, mean(found) + half]
