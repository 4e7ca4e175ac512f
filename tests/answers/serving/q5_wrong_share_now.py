# the share from the price now
def own_or_api(month, users, speed, busy, api):
    tokens = users * speed * 3600 * 24 * 30
    full = month / tokens * 1e6
    own = full / busy
    share = own / api
    if own < api:
        return [own, share, "own"]
    if full < api:
        return [own, share, "busier"]
    return [own, share, "api"]
