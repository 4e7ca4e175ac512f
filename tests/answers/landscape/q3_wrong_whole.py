# not by the year
def compare(old, new):
    a, b = old["value"], new["value"]
    yearly = b / a
    if old["unit"] == "%":
        return [b - a, "points", yearly]
    return [100 * (b / a - 1), "%", yearly]
