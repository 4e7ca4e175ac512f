# takes a text that ends in a brace for whole, also one cut short within a value
import json


def notice(metadata, declared, traces):
    text = metadata.get("AIGC", "")
    label = json.loads(text) if text.endswith("}") else None
    fields = ("Label", "ContentProducer", "ProduceID")
    if label is not None and all(label.get(field) for field in fields):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
