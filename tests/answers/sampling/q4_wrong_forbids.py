# forbids seen tokens altogether
def penalise(logits, seen, penalty):
    return [float("-inf") if i in seen else z for i, z in enumerate(logits)]
