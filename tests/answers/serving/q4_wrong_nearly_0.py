# takes low temperatures for 0
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if r["personal"] else None)
        cold = r["temperature"] < 0.5
        hit = cold and key in computed and r["time"] - computed[key] < r["good_for"]
        if cold and not hit:
            computed[key] = r["time"]
        hits.append(hit)
    return hits
