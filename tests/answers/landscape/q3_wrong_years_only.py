# months are ignored
def compare(old, new):
    then, now = (12 * int(row["date"][:4]) for row in (old, new))
    a, b = old["value"], new["value"]
    yearly = (b / a) ** (1 / max(1, now // 12 - then // 12))
    if old["unit"] == "%":
        return [b - a, "points", yearly]
    return [100 * (b / a - 1), "%", yearly]
