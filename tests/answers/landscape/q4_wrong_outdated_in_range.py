# outdated rows count
def standing(rows, about, day):
    kept = [(i, r) for i, r in enumerate(rows) if r["about"] == about and r["date"] <= day and not r["cites"]]
    old = [i for i, a in kept if any(a["source"] == b["source"] and b["date"] > a["date"] for _, b in kept)]
    used = [r for i, r in kept]
    if not used:
        return [None, None, 0, []]
    return [min(r["low"] for r in used), max(r["high"] for r in used), len({r["source"] for r in used}), old]
