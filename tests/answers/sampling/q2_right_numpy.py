# numpy: a token stays if those before it have not reached p yet
import numpy as np


def nucleus(probs, p):
    probs = np.array(probs)
    order = np.argsort(-probs)
    before = np.cumsum(probs[order]) - probs[order]
    stays = before < p
    stays[0] = True
    kept = np.zeros(len(probs))
    kept[order[stays]] = probs[order[stays]]
    return (kept / kept.sum()).tolist()
