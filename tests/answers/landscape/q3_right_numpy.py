# with NumPy
import numpy as np


def compare(old, new):
    (y0, m0), (y1, m1) = (map(int, row["date"].split("-")) for row in (old, new))
    a, b = np.float64(old["value"]), np.float64(new["value"])
    monthly = np.power(b / a, 1 / ((y1 - y0) * 12 + m1 - m0))
    change = (b - a, "points") if old["unit"] == "%" else ((b - a) / a * 100, "%")
    return [*change, monthly**12]
