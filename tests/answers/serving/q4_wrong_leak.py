# the user is not in the key
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"])
        hit = False
        if r["temperature"] == 0:
            hit = key in computed and r["time"] - computed[key] < r["good_for"]
            if not hit:
                computed[key] = r["time"]
        hits.append(hit)
    return hits
