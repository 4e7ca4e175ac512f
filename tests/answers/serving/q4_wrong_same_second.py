# a reply can be used from the next second on
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if r["personal"] else None)
        cold = r["temperature"] == 0
        hit = cold and key in computed and 0 < r["time"] - computed[key] < r["good_for"]
        if cold and not hit:
            computed[key] = r["time"]
        hits.append(hit)
    return hits
