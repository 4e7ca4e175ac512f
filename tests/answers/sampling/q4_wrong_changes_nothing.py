# works on a copy and returns the original
def penalise(logits, seen, penalty):
    new = list(logits)
    for i in set(seen):
        new[i] = new[i] / penalty if new[i] > 0 else new[i] * penalty
    return logits
