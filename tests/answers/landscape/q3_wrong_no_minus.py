# a decrease without its minus
def compare(old, new):
    y = [int(r["date"][:4]) * 12 + int(r["date"][5:]) for r in (old, new)]
    m = y[1] - y[0]
    a, b = old["value"], new["value"]
    g = (b / a) ** (12 / m)
    return [abs(b - a), "points", g] if old["unit"] == "%" else [abs(100 * (b - a) / a), "%", g]
