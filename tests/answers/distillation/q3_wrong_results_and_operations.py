# does not look at what a step begins with
import re


def nums(trace):
    v, out = trace["start"], []
    for op, n in trace["ops"]:
        r = {"+": v + n, "-": v - n, "×": v * n, "÷": v // n}[op]
        out.append((v, op, n, r))
        v = r
    return out, v


def good(trace):
    text = trace["text"]
    want_, v = nums(trace)
    m = re.fullmatch(r"<think>(.*)</think>(\d+)", text)
    if not m or m[2] != str(v):
        return False
    ks = [re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", s) for s in m[1].split("，")]
    return all(ks) and [(k[2], int(k[3]), int(k[4])) for k in ks] == [(o, n, r) for _, o, n, r in want_]


def filter_traces(traces):
    kept, total, ok = [], {}, {}
    for i, trace in enumerate(traces):
        k = str(len(trace["ops"]))
        g = bool(good(trace))
        total[k] = total.get(k, 0) + 1
        ok[k] = ok.get(k, 0) + g
        if g:
            kept.append(i)
    return {"kept": kept, "share": {k: ok[k] / total[k] for k in total}}
