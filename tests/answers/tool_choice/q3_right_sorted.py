# questions sorted by doubt: hand on one more after the other
def choose(rows, may_lose):
    base = [None, sum(r["thinking_right"] for r in rows), sum(r["thinking_cost"] for r in rows)]
    paid, right = sum(r["cheap_cost"] for r in rows), sum(r["cheap_right"] for r in rows)
    options = []
    for threshold in sorted({r["sure"] for r in rows}):
        options.append([threshold, right, paid])
        for r in rows:
            if r["sure"] == threshold:
                paid += r["thinking_cost"]
                right += r["thinking_right"] - r["cheap_right"]
    good = [option for option in options if option[1] >= base[1] - may_lose and option[2] < base[2]]
    return min(good, key=lambda option: option[2], default=base)
