# rounded like the example
def rates(answers):
    out = {}
    z = 1.96
    for name, lo, hi in (("never", 0, 0), ("seldom", 1, 9), ("often", 10, 10**9)):
        g = [a for a in answers if lo <= a["times"] <= hi and a["said"]]
        n = len(g)
        if not n:
            out[name] = None
            continue
        p = sum(a["said"] != a["truth"] for a in g) / n
        c, s = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        out[name] = [round(x, 3) for x in [p, (c - s) / (1 + z * z / n), (c + s) / (1 + z * z / n)]]
    return out
