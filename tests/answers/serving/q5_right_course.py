# with the course's own function
from aigc_course import serving


def own_or_api(month, users, speed, busy, api):
    hour = month / (30 * 24)
    own, full = (serving.cost_per_million(hour, users * speed, share) for share in (busy, 1.0))
    return own, full / api, "own" if own < api else "busier" if full < api else "api"
