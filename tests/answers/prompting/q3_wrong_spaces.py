# takes spaces around the JSON for a fault
import json


def faults(text, schema):
    if text != text.strip():
        return {"": "json"}
    try:
        answer = json.loads(text)
    except ValueError:
        return {"": "json"}
    if not isinstance(answer, dict):
        return {"": "object"}
    types = {"string": str, "integer": int, "boolean": bool}
    found = {name: "missing" for name in schema["required"] if name not in answer}
    for name, value in answer.items():
        rule = schema["properties"].get(name)
        if rule is None:
            found[name] = "unknown"
        elif type(value) is not types[rule["type"]]:
            found[name] = "type"
        elif "enum" in rule and value not in rule["enum"]:
            found[name] = "enum"
    return found
