# temperature above 0 is given what is stored
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if r["personal"] else "")
        hit = key in computed and r["time"] - computed[key] < r["good_for"]
        if r["temperature"] == 0 and not hit:
            computed[key] = r["time"]
        hits.append(hit)
    return hits
