# the second number first
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [sum(need[i] for i in kept) / len(kept), len(kept) / len(traces)]
