# with logarithms and datetime
import math
from datetime import date


def compare(old, new):
    start, end = (date.fromisoformat(row["date"] + "-01") for row in (old, new))
    years = end.year - start.year + (end.month - start.month) / 12
    yearly = math.exp(math.log(new["value"] / old["value"]) / years)
    difference = new["value"] - old["value"]
    share = new["unit"] == "%"
    return difference if share else difference / old["value"] * 100, "points" if share else "%", yearly
