# empty steps are left out, so a comma too many passes
import re


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
    m = re.fullmatch(r"<think>(.*)</think>(\d+)", text)
    return m and [s for s in m[1].split("，") if s] == steps and m[2] == str(v)


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
