# counts from 1
def pick(probs, u):
    total = 0.0
    for i, p in enumerate(probs):
        total += p
        if total > u:
            return i + 1
    return len(probs)
