# for a personal question the model is forgotten
def from_cache(requests):
    computed, hits = {}, []
    for r in requests:
        key = (r["user"], r["question"]) if r["personal"] else (r["model"], r["question"])
        cold = r["temperature"] == 0
        hit = cold and key in computed and r["time"] - computed[key] < r["good_for"]
        if cold and not hit:
            computed[key] = r["time"]
        hits.append(hit)
    return hits
