# compares each probability with p
def nucleus(probs, p):
    kept = [x if x >= p else 0.0 for x in probs]
    return [x / sum(kept) if sum(kept) else 0.0 for x in kept]
