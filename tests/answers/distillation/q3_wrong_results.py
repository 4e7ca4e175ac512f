# compares the results and the answer, not what is calculated
import re


def good(trace):
    v = trace["start"]
    vals = []
    for op, n in trace["ops"]:
        v = {"+": v + n, "-": v - n, "×": v * n, "÷": v // n}[op]
        vals.append(str(v))
    head, mark, tail = trace["text"].partition("</think>")
    return re.findall(r"=(\d+)", head) == vals and tail == str(v)


def filter_traces(traces):
    kept = [i for i, t in enumerate(traces) if good(t)]
    share = {}
    for n in sorted({len(t["ops"]) for t in traces}):
        idx = [i for i, t in enumerate(traces) if len(t["ops"]) == n]
        share[str(n)] = sum(i in kept for i in idx) / len(idx)
    return {"kept": kept, "share": share}
