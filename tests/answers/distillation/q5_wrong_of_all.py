# those kept that need one, of all
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / len(traces), sum(need[i] for i in kept) / len(traces)]
