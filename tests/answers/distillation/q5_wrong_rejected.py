# the share that is thrown out
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    gone = [i for i in range(len(traces)) if i not in kept]
    return [len(gone) / len(traces), sum(need[i] for i in kept) / len(kept)]
