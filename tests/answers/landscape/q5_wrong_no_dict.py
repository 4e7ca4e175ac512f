# a list or a number is asked for its fields
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        label = None
    fields = ("Label", "ContentProducer", "ProduceID")
    if all(label.get(field) for field in fields):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
