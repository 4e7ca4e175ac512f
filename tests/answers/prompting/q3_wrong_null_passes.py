# lets null pass where a name may be missing
def faults(text, schema):
    try:
        answer = json.loads(text)
    except ValueError:
        return {"": "json"}
    if type(answer) is not dict:
        return {"": "object"}
    types = {"string": str, "integer": int, "boolean": bool}
    found = {name: "missing" for name in schema["required"] if name not in answer}
    for name, value in answer.items():
        rule = schema["properties"].get(name)
        if rule is None:
            found[name] = "unknown"
        elif value is None and name not in schema["required"]:
            continue
        elif type(value) is not types[rule["type"]]:
            found[name] = "type"
        elif value not in rule.get("enum", [value]):
            found[name] = "enum"
    return found
