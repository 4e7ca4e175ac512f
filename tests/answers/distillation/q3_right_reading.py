# reads the text step by step instead of writing it
import re

import numpy as np


def verified(trace):
    found = re.fullmatch("<think>(.*)</think>(\\d+)", trace["text"])
    if not found:
        return False
    steps, value = found[1].split("，"), trace["start"]
    if len(steps) != len(trace["ops"]):
        return False
    for step, (op, n) in zip(steps, trace["ops"]):
        result = eval(f"{value}{op.translate(str.maketrans('×÷', '*/'))}{n}")
        if step != f"{value}{op}{n}={result:.0f}":
            return False
        value = round(result)
    return found[2] == str(value)


def filter_traces(traces):
    good = np.array([verified(trace) for trace in traces], dtype=bool)
    length = np.array([len(trace["ops"]) for trace in traces], dtype=int)
    return {"kept": np.flatnonzero(good), "share": {str(k): good[length == k].mean() for k in np.unique(length)}}
