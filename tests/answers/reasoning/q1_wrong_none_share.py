# with no answer at all, calls that unanimous
from collections import Counter


def vote(answers):
    counts = Counter(a for a in answers if a is not None)
    if not counts:
        return [None, 1.0]
    answer, count = counts.most_common(1)[0]
    return [answer, count / len(answers)]
