# chosen by errors alone
def choose(first, second, wrong, silent):
    def cost(half, threshold):
        return sum(silent if sure < threshold else 0 if right else wrong for sure, right in half) / len(half)

    candidates = sorted({0, 1.1, *(sure for sure, _ in first)})
    threshold = min(candidates, key=lambda x: sum(not right for sure, right in first if sure >= x))
    covered = sum(sure >= threshold for sure, _ in second) / len(second)
    return [threshold, cost(first, threshold), cost(second, threshold), covered]
