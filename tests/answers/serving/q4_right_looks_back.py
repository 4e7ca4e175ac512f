# no dict: for each request the earlier ones
def from_cache(requests):
    hits = []
    for i, r in enumerate(requests):
        found = False
        for old, hit in zip(requests[:i], hits, strict=True):
            same = old["model"] == r["model"] and old["question"] == r["question"]
            if r["personal"] and old["user"] != r["user"]:
                same = False
            if same and not hit and old["temperature"] == 0 and r["temperature"] == 0:
                found = found or r["time"] - old["time"] < r["good_for"]
        hits.append(found)
    return hits
