# Counter keeps the order in which answers came up
from collections import Counter


def vote(answers):
    counts = Counter(answer for answer in answers if answer is not None)
    return [None, 0.0] if not counts else [counts.most_common(1)[0][0], counts.most_common(1)[0][1] / len(answers)]
