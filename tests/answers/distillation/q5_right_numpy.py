# NumPy's means
import numpy as np

right = np.isin(np.arange(len(traces)), filter_traces(traces)["kept"])
need = np.array([carries(trace) for trace in traces])
shares = np.array([right.mean(), need[right].mean()])
