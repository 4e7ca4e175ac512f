# a copied row makes others outdated
def standing(rows, about, day):
    all_ = [r for r in rows if r["about"] == about and r["date"] <= day]
    ok = [(i, r) for i, r in enumerate(rows) if r["about"] == about and r["date"] <= day and not r["cites"]]
    old = [i for i, r in ok if any(o["source"] == r["source"] and o["date"] > r["date"] for o in all_)]
    use = [r for i, r in ok if i not in old]
    if not use:
        return [None, None, 0, old]
    return [min(r["low"] for r in use), max(r["high"] for r in use), len({r["source"] for r in use}), old]
