# the share of all the stories
def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = [carries(trace) for trace in traces]
    return [len(kept) / len(traces), sum(need) / len(traces)]
