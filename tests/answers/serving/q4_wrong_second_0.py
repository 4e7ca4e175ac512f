# the time at which a reply was computed is asked for its truth
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if r["personal"] else "")
        old = computed.get(key)
        hit = bool(r["temperature"] == 0 and old and r["time"] - old < r["good_for"])
        if r["temperature"] == 0 and not hit:
            computed[key] = r["time"]
        hits.append(hit)
    return hits
