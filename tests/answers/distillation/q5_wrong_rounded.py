# rounds
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [round(len(kept) / len(traces), 2), round(sum(need[i] for i in kept) / len(kept), 2)]
