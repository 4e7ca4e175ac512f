# broken JSON raises
import json


def notice(metadata, declared, traces):
    label = json.loads(metadata.get("AIGC", "{}"))
    fields = ("Label", "ContentProducer", "ProduceID")
    if isinstance(label, dict) and all(label.get(field) for field in fields):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
