# the index of the first trace like it: the same twice where one is repeated
def want(trace):
    v, steps = trace["start"], []
    for op, n in trace["ops"]:
        r = {"+": v + n, "-": v - n, "×": v * n, "÷": v // n}[op]
        steps.append(f"{v}{op}{n}={r}")
        v = r
    return steps, v


def good(trace):
    text = trace["text"]
    steps, v = want(trace)
    return text == f"<think>{'，'.join(steps)}</think>{v}"


def filter_traces(traces):
    kept = [traces.index(t) for t in traces if good(t)]
    share = {}
    for k in {len(t["ops"]) for t in traces}:
        g = [good(t) for t in traces if len(t["ops"]) == k]
        share[str(k)] = sum(g) / len(g)
    return {"kept": kept, "share": share}
