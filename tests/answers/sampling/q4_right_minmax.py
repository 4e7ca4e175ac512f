# the smaller of product and quotient is always the punished one
def penalise(logits, seen, penalty):
    return [min(z * penalty, z / penalty) if i in seen else z for i, z in enumerate(logits)]
