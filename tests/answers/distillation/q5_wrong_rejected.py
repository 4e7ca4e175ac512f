# the share that is thrown out
kept = filter_traces(traces)["kept"]
gone = [i for i in range(len(traces)) if i not in kept]
need = [carries(trace) for trace in traces]
shares = [len(gone) / 100, sum(need[i] for i in kept) / len(kept)]
