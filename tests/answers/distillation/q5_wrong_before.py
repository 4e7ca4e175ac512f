# the share of all the stories
kept = filter_traces(traces)["kept"]
gone = [i for i in range(len(traces)) if i not in kept]
need = [carries(trace) for trace in traces]
shares = [len(kept) / 100, sum(need) / 100]
