# counts the questions that are lost and not those that are gained
def choose(rows, may_lose):
    best = [None, sum(r["thinking_right"] for r in rows), sum(r["thinking_cost"] for r in rows)]
    for threshold in {r["sure"] for r in rows}:
        kept = [r["sure"] >= threshold for r in rows]
        lost = sum(k and r["thinking_right"] and not r["cheap_right"] for r, k in zip(rows, kept, strict=True))
        right = sum(r["cheap_right"] if k else r["thinking_right"] for r, k in zip(rows, kept, strict=True))
        cost = sum(r["cheap_cost"] + (0 if k else r["thinking_cost"]) for r, k in zip(rows, kept, strict=True))
        if lost <= may_lose and cost < best[2]:
            best = [threshold, right, cost]
    return best
