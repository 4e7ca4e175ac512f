# torch's numbers of seven digits
import torch


def compare(old, new):
    y = [int(r["date"][:4]) * 12 + int(r["date"][5:]) for r in (old, new)]
    m = (y[1] - y[0]) / 12
    a, b = torch.tensor(old["value"]), torch.tensor(new["value"])
    g = (b / a) ** (1 / m)
    return [b - a, "points", g] if old["unit"] == "%" else [100 * (b - a) / a, "%", g]
