# the share of the answers that are there
from collections import Counter


def vote(answers):
    given = [a for a in answers if a is not None]
    if not given:
        return [None, 0.0]
    counts = Counter(given)
    most = max(counts.values())
    return [counts.most_common(1)[0][0], most / len(given)]
