# a function for the label
import json


def whole(text):
    try:
        label = json.loads(text)
    except json.JSONDecodeError:
        return False
    if type(label) is not dict:
        return False
    return min(len(label.get(key, "")) for key in ("Label", "ContentProducer", "ProduceID")) > 0


def notice(metadata, declared, traces):
    if "AIGC" in metadata and whole(metadata["AIGC"]):
        return "is"
    return "may be" if declared else ("suspected" if traces else "none")
