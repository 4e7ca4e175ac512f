# looks for the lowest from 100 down
def standing(rows, about, day):
    ok = [(i, r) for i, r in enumerate(rows) if r["about"] == about and r["date"] <= day and not r["cites"]]
    old = [i for i, r in ok if any(o["source"] == r["source"] and o["date"] > r["date"] for _, o in ok)]
    use = [r for i, r in ok if i not in old]
    if not use:
        return [None, None, 0, []]
    lo, hi = 100, 0
    for r in use:
        lo = min(lo, r["low"])
        hi = max(hi, r["high"])
    return [lo, hi, len({r["source"] for r in use}), old]
