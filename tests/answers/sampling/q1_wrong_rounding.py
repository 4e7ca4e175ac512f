# falls off the end where rounding leaves the total a little below u
def pick(probs, u):
    total = 0.0
    for i, p in enumerate(probs):
        total += p
        if total > u:
            return i
    raise IndexError(u)
