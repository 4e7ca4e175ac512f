# compares single probabilities with u, without adding them up
def pick(probs, u):
    for i, p in enumerate(probs):
        if p > u:
            return i
    return max(i for i, p in enumerate(probs) if p > 0)
