# costs fall with the threshold, so from the lowest on the first that qualifies
def choose(rows, may_lose):
    base = sum(row["thinking_right"] for row in rows), sum(row["thinking_cost"] for row in rows)
    for threshold in sorted(row["sure"] for row in rows):
        right = sum(row["cheap_right" if row["sure"] >= threshold else "thinking_right"] for row in rows)
        cost = sum(row["cheap_cost"] + (row["sure"] < threshold) * row["thinking_cost"] for row in rows)
        if right + may_lose >= base[0]:
            return [threshold, right, cost] if cost < base[1] else [None, *base]
    return [None, *base]
