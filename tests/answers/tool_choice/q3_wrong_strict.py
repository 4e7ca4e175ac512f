# only above the threshold
def choose(rows, may_lose):
    def outcome(threshold):
        right = cost = 0
        for row in rows:
            keep = row["sure"] > threshold
            right += row["cheap_right"] if keep else row["thinking_right"]
            cost += row["cheap_cost"] + (0 if keep else row["thinking_cost"])
        return [threshold, right, cost]

    always = [None, sum(r["thinking_right"] for r in rows), sum(r["thinking_cost"] for r in rows)]
    best = always
    for threshold in sorted({r["sure"] for r in rows}):
        tried = outcome(threshold)
        if tried[1] >= always[1] - may_lose and tried[2] < best[2]:
            best = tried
    return best
