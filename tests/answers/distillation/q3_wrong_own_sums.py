# asks only whether the steps agree with one another, never looks at ops
import re


def good(trace):
    m = re.fullmatch(r"<think>(.*)</think>(\d+)", trace["text"])
    if not m:
        return False
    before = str(trace["start"])
    for step in m[1].split("，"):
        s = re.fullmatch(r"(\d+)([-+×÷])(\d+)=(\d+)", step)
        if not s or s[1] != before:
            return False
        a, b, c = int(s[1]), int(s[3]), int(s[4])
        if not {"+": a + b == c, "-": a - b == c, "×": a * b == c, "÷": a == b * c}[s[2]]:
            return False
        before = s[4]
    return before == m[2]


def filter_traces(traces):
    kept = [i for i, t in enumerate(traces) if good(t)]
    share = {}
    for n in sorted({len(t["ops"]) for t in traces}):
        idx = [i for i, t in enumerate(traces) if len(t["ops"]) == n]
        share[str(n)] = sum(i in kept for i in idx) / len(idx)
    return {"kept": kept, "share": share}
