# adds up in the given order instead of from the likeliest down
def nucleus(probs, p):
    total, kept = 0.0, []
    for x in probs:
        kept.append(x)
        total += x
        if total >= p:
            break
    return [x / total for x in kept] + [0.0] * (len(probs) - len(kept))
