# the median of the answers
import statistics


def vote(answers):
    given = [a for a in answers if a is not None]
    if not given:
        return [None, 0.0]
    middle = statistics.median_low(given)
    return [middle, given.count(middle) / len(answers)]
