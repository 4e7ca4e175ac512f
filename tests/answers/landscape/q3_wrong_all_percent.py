# per cent for shares, too
def compare(old, new):
    y = [int(r["date"][:4]) * 12 + int(r["date"][5:]) for r in (old, new)]
    m = (y[1] - y[0]) / 12
    a, b = old["value"], new["value"]
    g = (b / a) ** (1 / m)
    return [b - a, "%", g] if old["unit"] == "%" else [100 * (b - a) / a, "%", g]
