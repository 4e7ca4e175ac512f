# NumPy's means
import numpy as np


def shares(traces):
    right = np.isin(np.arange(len(traces)), filter_traces(traces)["kept"])
    need = np.array([carries(trace) for trace in traces])
    return np.array([right.mean(), need[right].mean()])
