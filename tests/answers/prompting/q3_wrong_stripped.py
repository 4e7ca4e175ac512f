# strips a value before it looks it up
import json


def faults(text, schema):
    try:
        answer = json.loads(text)
    except ValueError:
        return {"": "json"}
    if not isinstance(answer, dict):
        return {"": "object"}
    found = {}
    for name in schema["required"]:
        if name not in answer:
            found[name] = "missing"
    for name in answer:
        if name not in schema["properties"]:
            found[name] = "unknown"
            continue
        value, rule = answer[name], schema["properties"][name]
        if rule["type"] == "string":
            fits = isinstance(value, str)
        elif rule["type"] == "boolean":
            fits = value is True or value is False
        else:
            fits = isinstance(value, int) and not isinstance(value, bool)
        if not fits:
            found[name] = "type"
        elif (value.strip() if isinstance(value, str) else value) not in rule.get(
            "enum", [value.strip() if isinstance(value, str) else value]
        ):
            found[name] = "enum"
    return found
