# of what is no dict thinks of lists only
def notice(metadata, declared, traces):
    try:
        d = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        d = {}
    if type(d) is list:
        d = {}
    if d.get("Label") and d.get("ContentProducer") and d.get("ProduceID"):
        return "is"
    return "may be" if declared else "suspected" if traces else "none"
