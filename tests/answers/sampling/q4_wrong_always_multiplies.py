# multiplies positive scores too, which raises them
def penalise(logits, seen, penalty):
    return [z * penalty if i in seen else z for i, z in enumerate(logits)]
