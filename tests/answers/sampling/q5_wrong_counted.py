# counts impossible tokens instead of adding up probabilities
def impossible(logits, possible, T):
    return 1 - len(possible) / len(logits)
