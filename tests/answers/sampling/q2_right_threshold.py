# keeps what is at least as likely as the last one needed
def nucleus(probs, p):
    total = 0.0
    for needed in sorted(probs, reverse=True):
        total += needed
        if total >= p:
            break
    kept = [x if x >= needed else 0.0 for x in probs]
    return [x / sum(kept) for x in kept]
