# keeps when a reply expires, and two caches
def from_cache(requests):
    everybody, private, hits = {}, {}, []
    for r in requests:
        if r["temperature"] > 0:
            hits.append(False)
            continue
        kept = private.setdefault(r["user"], {}) if r["personal"] else everybody
        key = (r["question"], r["model"])
        hits.append(r["time"] < kept.get(key, -1))
        if not hits[-1]:
            kept[key] = r["time"] + r["good_for"]
    return hits
