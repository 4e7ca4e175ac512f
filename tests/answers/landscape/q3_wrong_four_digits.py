# rounded to four digits
def compare(old, new):
    y = [int(r["date"][:4]) * 12 + int(r["date"][5:]) for r in (old, new)]
    m = (y[1] - y[0]) / 12
    a, b = old["value"], new["value"]
    g = round((b / a) ** (1 / m), 4)
    return [b - a, "points", g] if old["unit"] == "%" else [100 * (b - a) / a, "%", g]
