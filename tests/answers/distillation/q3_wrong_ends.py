# whether the text ends right
def filter_traces(traces):
    kept, groups = [], {}
    for i, trace in enumerate(traces):
        value, steps = trace["start"], []
        for op, n in trace["ops"]:
            result = {"+": value + n, "-": value - n, "×": value * n, "÷": value // n}[op]
            steps.append(f"{value}{op}{n}={result}")
            value = result
        right = trace["text"].endswith(f"<think>{'，'.join(steps)}</think>{value}")
        if right:
            kept.append(i)
        groups.setdefault(str(len(steps)), []).append(right)
    return {"kept": kept, "share": {k: sum(g) / len(g) for k, g in groups.items()}}
