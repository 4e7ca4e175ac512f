# by how much each year
def compare(old, new):
    then, now = (12 * int(row["date"][:4]) + int(row["date"][5:]) for row in (old, new))
    a, b = old["value"], new["value"]
    yearly = (b / a) ** (12 / (now - then)) - 1
    if old["unit"] == "%":
        return [b - a, "points", yearly]
    return [100 * (b / a - 1), "%", yearly]
