# takes each probability off u instead of adding them up
def pick(probs, u):
    last = 0
    for i, p in enumerate(probs):
        if p > 0:
            last = i
        if u < p:
            return i
        u -= p
    return last
