# the key may be missing
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata["AIGC"])
    except ValueError:
        label = None
    fields = ("Label", "ContentProducer", "ProduceID")
    if isinstance(label, dict) and all(label.get(field) for field in fields):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
