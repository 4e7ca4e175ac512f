# divides the second half by the length of the first
def choose(first, second, wrong, silent):
    def cost(h, t):
        return sum(silent if c < t else 0 if r else wrong for c, r in h) / len(first)

    cand = sorted([0, 1.1] + [c for c, _ in first])
    t = min(cand, key=lambda x: cost(first, x))
    return [t, cost(first, t), cost(second, t), sum(c >= t for c, _ in second) / len(first)]
