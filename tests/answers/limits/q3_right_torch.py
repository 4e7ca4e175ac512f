# torch's numbers of seven digits
import torch


def rates(answers):
    out = {}
    z = 1.96
    for name in ("never", "seldom", "often"):
        g = [
            a
            for a in answers
            if a["said"] and name == ("never" if a["times"] == 0 else "seldom" if a["times"] < 10 else "often")
        ]
        n = len(g)
        if not n:
            out[name] = None
            continue
        p = torch.tensor([float(a["said"] != a["truth"]) for a in g]).mean()
        c, s = p + z * z / 2 / n, z * torch.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        out[name] = torch.stack([p, (c - s) / (1 + z * z / n), (c + s) / (1 + z * z / n)])
    return out
