# those kept that need none
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / len(traces), sum(not need[i] for i in kept) / len(kept)]
