# the cache of one user
BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "int4": 0.5}


def judge_row(row, model, wanted):
    weights = model["parameters"] * BYTES[row["form"]]
    cache = wanted["tokens"] * model["kv_bytes"]
    usable = row["gb"] * 1e9 * (1 - wanted["reserve"])
    least = 0
    for n in reversed(wanted["allowed"]):
        if n * usable >= weights + cache:
            least = n
    if row["form"] not in row["formats"]:
        return [0, "format"]
    if row["cards"] not in wanted["allowed"]:
        return [least, "uneven"]
    if row["cards"] * usable < weights + cache:
        return [least, "small"]
    if row["cards"] == least:
        return [least, "exact"]
    return [least, "spare"]
