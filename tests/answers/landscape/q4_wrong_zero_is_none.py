# a lowest of 0 becomes None
def standing(rows, about, day):
    ok = [(i, r) for i, r in enumerate(rows) if r["about"] == about and r["date"] <= day and not r["cites"]]
    old = [i for i, r in ok if any(o["source"] == r["source"] and o["date"] > r["date"] for _, o in ok)]
    use = [r for i, r in ok if i not in old]
    return [
        min([r["low"] for r in use], default=0) or None,
        max([r["high"] for r in use], default=0) or None,
        len({r["source"] for r in use}),
        old,
    ]
