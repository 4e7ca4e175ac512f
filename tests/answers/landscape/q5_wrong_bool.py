# whether there is a notice
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        label = None
    fields = ("Label", "ContentProducer", "ProduceID")
    if isinstance(label, dict) and all(label.get(field) for field in fields):
        return True
    if declared:
        return True
    return bool(traces)
