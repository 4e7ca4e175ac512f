# how many come from the cache
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if r["personal"] else "")
        hit = False
        if r["temperature"] == 0:
            hit = key in computed and r["time"] - computed[key] < r["good_for"]
            if not hit:
                computed[key] = r["time"]
        hits.append(hit)
    return sum(hits)
