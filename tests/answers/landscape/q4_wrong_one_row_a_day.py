# of two rows of an outdated day only one is outdated
def standing(rows, about, day):
    last = {}
    old = []
    used = []
    for i, r in sorted(enumerate(rows), key=lambda x: x[1]["date"]):
        if r["about"] != about or r["date"] > day or r["cites"]:
            continue
        s = r["source"]
        if s in last and rows[last[s]]["date"] < r["date"]:
            old.append(last[s])
        last[s] = i
        used.append(i)
    used = [rows[i] for i in used if i not in old]
    if not used:
        return [None, None, 0, []]
    return [min(r["low"] for r in used), max(r["high"] for r in used), len({r["source"] for r in used}), sorted(old)]
