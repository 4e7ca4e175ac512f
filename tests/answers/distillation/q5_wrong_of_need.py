# how many of those that need one are kept
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / len(traces), sum(need[i] for i in kept) / max(1, sum(need))]
