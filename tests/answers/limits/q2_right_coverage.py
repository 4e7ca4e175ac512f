# by coverage and the error among the answered
def choose(first, second, wrong, silent):
    def account(half, threshold):
        given = [right for sure, right in half if sure >= threshold]
        coverage = len(given) / len(half)
        error = given.count(False) / len(given) if given else 0
        return coverage * error * wrong + (1 - coverage) * silent, coverage

    best = (0, account(first, 0)[0])
    for threshold in sorted(sure for sure, _ in first) + [1.1]:
        price = account(first, threshold)[0]
        if price < best[1]:
            best = (threshold, price)
    return [*best, *account(second, best[0])]
