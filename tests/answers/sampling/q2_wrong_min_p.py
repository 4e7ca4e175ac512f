# takes p as a threshold on each probability
def nucleus(probs, p):
    kept = [x if x >= p * max(probs) else 0.0 for x in probs]
    return [x / sum(kept) for x in kept]
