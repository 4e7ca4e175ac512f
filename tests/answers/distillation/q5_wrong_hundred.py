# there are always 100
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / 100, sum(need[i] for i in kept) / len(kept)]
