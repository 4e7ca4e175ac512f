# an array of strings
import numpy as np


def cut(tokens, budget):
    array = np.array(tokens, dtype=object)
    if len(array) == 0 or array[0] != "<think>":
        return array
    closing = np.flatnonzero(array == "</think>")
    length = (closing[0] if len(closing) else len(array)) - 1
    return array if length <= budget else np.append(array[: budget + 1], "</think>")
