# what is left on each card, as the lesson does it
BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "int4": 0.5}


def judge_row(row, model, wanted):
    def left(n):
        weights = model["parameters"] * BYTES[row["form"]] / n
        kv = wanted["users"] * wanted["tokens"] * model["kv_bytes"] / n
        return row["gb"] * 1e9 * (1 - wanted["reserve"]) - weights - kv

    if row["form"] not in row["formats"]:
        return 0, "format"
    least = next((n for n in wanted["allowed"] if left(n) >= 0), 0)
    if row["cards"] not in wanted["allowed"]:
        return least, "uneven"
    if least == 0 or row["cards"] < least:
        return least, "small"
    return least, "exact" if row["cards"] == least else "spare"
