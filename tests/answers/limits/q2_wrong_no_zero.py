# the threshold 0 is missing
def choose(first, second, wrong, silent):
    def cost(h, t):
        return sum(silent if c < t else 0 if r else wrong for c, r in h) / len(h)

    cand = sorted([c for c, _ in first] + [1.1])
    t = min(cand, key=lambda x: cost(first, x))
    return [t, cost(first, t), cost(second, t), sum(c >= t for c, _ in second) / len(second)]
