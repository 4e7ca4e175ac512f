# the user is in the key where it does not matter
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["model"], r["question"], r["user"] if not r["personal"] else "")
        hit = False
        if r["temperature"] == 0:
            hit = key in computed and r["time"] - computed[key] < r["good_for"]
            if not hit:
                computed[key] = r["time"]
        hits.append(hit)
    return hits
