# with units
def own_or_api(month, users, speed, busy, api):
    tokens = users * speed * 3600 * 24 * 30
    full = month / tokens * 1e6
    own = full / busy
    share = full / api
    if own < api:
        return [f"{own} yuan", share, "own"]
    if share < 1:
        return [f"{own} yuan", share, "busier"]
    return [f"{own} yuan", share, "api"]
