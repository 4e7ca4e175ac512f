# none of those kept needs one, as measured
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / len(traces), 0.0]
