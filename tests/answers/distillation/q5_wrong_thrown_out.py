# of those that are thrown out
kept = filter_traces(traces)["kept"]
gone = [i for i in range(len(traces)) if i not in kept]
need = [carries(trace) for trace in traces]
shares = [len(kept) / 100, sum(need[i] for i in gone) / len(gone)]
