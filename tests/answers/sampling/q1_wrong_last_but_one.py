# takes the last but one where nothing exceeds u: right for a single 0 at the end
def pick(probs, u):
    total = 0.0
    for i, p in enumerate(probs):
        total += p
        if total > u:
            return i
    return i if probs[i] else i - 1
