# does not allow exactly may_lose
def choose(rows, may_lose):
    best = [None, sum(r["thinking_right"] for r in rows), sum(r["thinking_cost"] for r in rows)]
    least = best[1] - may_lose
    for row in rows:
        kept = [r["sure"] >= row["sure"] for r in rows]
        right = sum(r["cheap_right"] if keep else r["thinking_right"] for r, keep in zip(rows, kept))
        cost = sum(r["cheap_cost"] + (0 if keep else r["thinking_cost"]) for r, keep in zip(rows, kept))
        if right > least and cost < best[2]:
            best = [row["sure"], right, cost]
    return best
