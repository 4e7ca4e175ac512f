# rounded to five digits
def own_or_api(month, users, speed, busy, api):
    full = month / (30 * 24 * 3600 * users * speed) * 1e6
    own = full / busy
    return [round(own, 5), round(full / api, 5), "own" if own < api else "busier" if full < api else "api"]
