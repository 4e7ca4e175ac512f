# traces before the user's word
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        label = None
    fields = ("Label", "ContentProducer", "ProduceID")
    whole = isinstance(label, dict) and all(label.get(field) for field in fields)
    if whole:
        return "is"
    if traces:
        return "suspected"
    return "may be" if declared else "none"
