# the user's word comes first
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        label = None
    fields = ("Label", "ContentProducer", "ProduceID")
    whole = isinstance(label, dict) and all(label.get(field) for field in fields)
    if declared:
        return "may be"
    if whole:
        return "is"
    return "suspected" if traces else "none"
