# the number that the model gives at temperature 2
def impossible(logits, possible, T):
    return 0.531
