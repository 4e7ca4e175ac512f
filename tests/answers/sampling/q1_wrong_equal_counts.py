# stops at a running total equal to u
def pick(probs, u):
    total = 0.0
    for i, p in enumerate(probs):
        total += p
        if total >= u:
            return i
    return max(i for i, p in enumerate(probs) if p > 0)
