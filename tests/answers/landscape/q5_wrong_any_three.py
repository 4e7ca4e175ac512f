# any three fields that are not empty
def notice(metadata, declared, traces):
    try:
        d = json.loads(metadata.get("AIGC", "{}") or "{}")
    except ValueError:
        d = {}
    if isinstance(d, dict) and len([v for v in d.values() if v]) >= 3:
        return "is"
    return "may be" if declared else "suspected" if traces else "none"
