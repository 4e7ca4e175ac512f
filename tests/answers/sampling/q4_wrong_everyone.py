# punishes tokens that never occurred
def penalise(logits, seen, penalty):
    return [z / penalty if z > 0 else z * penalty for z in logits]
