# writes out each text by itself
def shares(traces):
    kept = needed = 0
    for trace in traces:
        value, steps = trace["start"], []
        for op, n in trace["ops"]:
            result = value + n if op == "+" else value - n
            steps.append(f"{value}{op}{n}={result}")
            value = result
        if trace["text"] == "<think>" + "，".join(steps) + f"</think>{value}":
            kept += 1
            needed += carries(trace)
    return [kept / len(traces), needed / kept]
