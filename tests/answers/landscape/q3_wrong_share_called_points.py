# per cent of a per cent, called points
def compare(old, new):
    then, now = (12 * int(row["date"][:4]) + int(row["date"][5:]) for row in (old, new))
    a, b = old["value"], new["value"]
    yearly = (b / a) ** (12 / (now - then))
    if old["unit"] == "%":
        return [100 * (b / a - 1), "points", yearly]
    return [100 * (b / a - 1), "%", yearly]
