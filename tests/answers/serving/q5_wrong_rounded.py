# rounded as in the example
def own_or_api(month, users, speed, busy, api):
    tokens = users * speed * 3600 * 24 * 30
    full = month / tokens * 1e6
    own = full / busy
    share = full / api
    if own < api:
        return [round(own, 2), round(share, 3), "own"]
    if share < 1:
        return [round(own, 2), round(share, 3), "busier"]
    return [round(own, 2), round(share, 3), "api"]
