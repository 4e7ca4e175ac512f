# after rounding returns the last token, though its probability is 0
def pick(probs, u):
    total = 0.0
    for i, p in enumerate(probs):
        total += p
        if total > u:
            return i
    return len(probs) - 1
