# returns the numbers in order of size, not in their places
def nucleus(probs, p):
    total, kept = 0.0, []
    for x in sorted(probs, reverse=True):
        kept.append(x)
        total += x
        if total >= p:
            break
    return [x / total for x in kept] + [0.0] * (len(probs) - len(kept))
