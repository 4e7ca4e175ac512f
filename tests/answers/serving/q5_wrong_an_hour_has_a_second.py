# seconds are forgotten
def own_or_api(month, users, speed, busy, api):
    tokens = users * speed * 24 * 30
    full = month / tokens * 1e6
    own = full / busy
    share = full / api
    if own < api:
        return [own, share, "own"]
    if share < 1:
        return [own, share, "busier"]
    return [own, share, "api"]
