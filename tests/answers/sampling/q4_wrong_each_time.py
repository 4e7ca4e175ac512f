# punishes a token once for each time it occurred
def penalise(logits, seen, penalty):
    new = list(logits)
    for i in seen:
        new[i] = new[i] / penalty if new[i] > 0 else new[i] * penalty
    return new
