# subtracts the penalty, as another kind of penalty does
def penalise(logits, seen, penalty):
    return [z - penalty if i in seen else z for i, z in enumerate(logits)]
