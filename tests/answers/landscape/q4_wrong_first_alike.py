# the place of the first row that is just alike
def standing(rows, about, day):
    ok = [r for r in rows if r["about"] == about and r["date"] <= day and not r["cites"]]
    old = [r for r in ok if any(o["source"] == r["source"] and o["date"] > r["date"] for o in ok)]
    use = [r for r in ok if r not in old]
    if not use:
        return [None, None, 0, []]
    return [
        min(r["low"] for r in use),
        max(r["high"] for r in use),
        len({r["source"] for r in use}),
        sorted(rows.index(r) for r in old),
    ]
