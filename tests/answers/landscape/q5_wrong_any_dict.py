# any dict is a label
import json


def notice(metadata, declared, traces):
    try:
        label = json.loads(metadata.get("AIGC", ""))
    except ValueError:
        label = None
    if isinstance(label, dict):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
