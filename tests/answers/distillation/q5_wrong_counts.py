# counts
kept = filter_traces(traces)["kept"]
gone = [i for i in range(len(traces)) if i not in kept]
need = [carries(trace) for trace in traces]
shares = [len(kept), sum(need[i] for i in kept)]
