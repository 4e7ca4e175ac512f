# of equals the one that comes up last
from collections import Counter


def vote(answers):
    given = [a for a in answers if a is not None]
    if not given:
        return [None, 0.0]
    counts = Counter(given)
    most = max(counts.values())
    return [[a for a in counts if counts[a] == most][-1], most / len(answers)]
