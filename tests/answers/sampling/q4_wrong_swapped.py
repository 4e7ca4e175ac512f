# times and divide are swapped
def penalise(logits, seen, penalty):
    return [(z * penalty if z > 0 else z / penalty) if i in seen else z for i, z in enumerate(logits)]
