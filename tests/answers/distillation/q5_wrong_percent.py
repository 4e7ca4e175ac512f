# in per cent
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [100 * len(kept) / len(traces), 100 * sum(need[i] for i in kept) / len(kept)]
