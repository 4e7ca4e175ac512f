# spare only from twice as many on
BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "int4": 0.5}


def judge_row(row, model, wanted):
    cache = wanted["users"] * wanted["tokens"] * model["kv_bytes"]
    need = (model["parameters"] * BYTES[row["form"]] + cache) / 1e9
    usable = row["gb"] * (1 - wanted["reserve"])
    enough = [n for n in wanted["allowed"] if n * usable >= need]
    least = min(enough, default=0)
    if row["form"] not in row["formats"]:
        return [0, "format"]
    if row["cards"] not in wanted["allowed"]:
        return [least, "uneven"]
    if row["cards"] not in enough:
        return [least, "small"]
    return [least, "spare" if row["cards"] >= 2 * least else "exact"]
