# the verdict from the shares
def own_or_api(month, users, speed, busy, api):
    millions = 2_592_000 * users * speed / 1_000_000
    share = month / (millions * api)
    verdict = "api" if share > 1 else "own" if busy > share else "busier"
    return [month / (millions * busy), share, verdict]
