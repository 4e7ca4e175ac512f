# right where the truth occurs in it
def rates(answers):
    return _rates(answers, lambda s, t: t in s)


def _rates(answers, same, z=1.96, nd=None):
    out = {}
    for name, lo, hi in (("never", 0, 0), ("seldom", 1, 9), ("often", 10, 10**9)):
        g = [a for a in answers if lo <= a["times"] <= hi and a["said"]]
        n = len(g)
        if not n:
            out[name] = None
            continue
        p = sum(not same(a["said"], a["truth"]) for a in g) / n
        c, s = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        out[name] = [p, (c - s) / (1 + z * z / n), (c + s) / (1 + z * z / n)]
        if nd is not None:
            out[name] = [round(x, nd) for x in out[name]]
    return out
