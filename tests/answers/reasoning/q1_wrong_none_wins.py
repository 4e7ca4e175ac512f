# None gets votes too
from collections import Counter


def vote(answers):
    if not answers:
        return [None, 0.0]
    answer, count = Counter(answers).most_common(1)[0]
    return [answer, count / len(answers)]
