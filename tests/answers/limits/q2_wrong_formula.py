# the formula's threshold
def choose(first, second, wrong, silent):
    def cost(half, threshold):
        return sum(silent if sure < threshold else 0 if right else wrong for sure, right in half) / len(half)

    threshold = max(0, 1 - silent / wrong)
    covered = sum(sure >= threshold for sure, _ in second) / len(second)
    return [threshold, cost(first, threshold), cost(second, threshold), covered]
