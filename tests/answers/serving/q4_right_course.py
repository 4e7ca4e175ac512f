# the cache of the course, with a key and a lifetime
from aigc_course.caches import ResponseCache


def from_cache(requests):
    now, caches, hits = [0], {}, []
    for r in requests:
        now[0] = r["time"]
        if r["temperature"] > 0:
            hits.append(False)
            continue
        kept = caches.setdefault(
            r["question"], ResponseCache(lambda *key: key, lifetime=r["good_for"], clock=lambda: now[0])
        )
        before = kept.hits
        kept(r["model"], r["user"]) if r["personal"] else kept(r["model"])
        hits.append(kept.hits > before)
    return hits
