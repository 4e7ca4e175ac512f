# looks at the answer alone
def filter_traces(traces):
    kept, groups = [], {}
    for i, trace in enumerate(traces):
        value, steps = trace["start"], []
        for op, n in trace["ops"]:
            result = {"+": value + n, "-": value - n, "×": value * n, "÷": value // n}[op]
            steps.append(f"{value}{op}{n}={result}")
            value = result
        right = trace["text"].rpartition("</think>")[2] == str(value)
        if right:
            kept.append(i)
        groups.setdefault(str(len(steps)), []).append(right)
    return {"kept": kept, "share": {k: sum(g) / len(g) for k, g in groups.items()}}
