# with the course's own functions
from aigc_course import limits


def choose(first, second, wrong, silent):
    (sure_a, right_a), (sure_b, right_b) = (list(zip(*half, strict=True)) for half in (first, second))
    costs = {"wrong": wrong, "silent": silent}
    threshold = limits.best_threshold(sure_a, right_a, **costs)
    threshold = 1.1 if threshold > 1 else threshold
    covered = sum(sure >= threshold for sure in sure_b) / len(sure_b)
    a, b = limits.cost(sure_a, right_a, threshold, **costs), limits.cost(sure_b, right_b, threshold, **costs)
    return [threshold, a, b, covered]
