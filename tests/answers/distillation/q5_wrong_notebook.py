# counts among the notebook's traces, whatever is given
measured = traces


def shares(traces):
    kept = filter_traces(measured)["kept"]
    return [len(kept) / len(measured), sum(carries(measured[i]) for i in kept) / len(kept)]
