# with the library that everybody uses
import json

from jsonschema import Draft202012Validator


def faults(text, schema):
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return {"": "json"}
    if type(answer) is not dict:
        return {"": "object"}
    found = {name: "unknown" for name in answer if name not in schema["properties"]}
    for error in Draft202012Validator(schema).iter_errors(answer):
        if error.validator == "required":
            found |= {name: "missing" for name in schema["required"] if name not in answer}
        elif error.validator in ("type", "enum") and found.get(error.path[0]) != "type":
            found[error.path[0]] = error.validator
    return found
