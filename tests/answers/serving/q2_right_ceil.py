# in GB, by dividing
import math

BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "int4": 0.5}


def judge_row(row, model, wanted):
    need = model["parameters"] / 1e9 * BYTES[row["form"]]
    need += wanted["users"] * wanted["tokens"] * model["kv_bytes"] / 1e9
    by_memory = math.ceil(need / (row["gb"] - wanted["reserve"] * row["gb"]))
    least = min([n for n in wanted["allowed"] if n >= by_memory] or [0])
    verdict = "spare"
    if row["cards"] == least:
        verdict = "exact"
    if row["cards"] < by_memory:
        verdict = "small"
    if row["cards"] not in wanted["allowed"]:
        verdict = "uneven"
    if row["form"] not in row["formats"]:
        least, verdict = 0, "format"
    return [least, verdict]
