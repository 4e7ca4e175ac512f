# takes what is in seen for scores
def penalise(logits, seen, penalty):
    return [(x / penalty if x > 0 else x * penalty) if x in seen else x for x in logits]
