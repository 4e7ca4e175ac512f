# only the errors that were thought of are caught
import json


def run_call(written, offered):
    try:
        call = json.loads(written)
    except ValueError:
        return {"error": "not JSON"}
    if not isinstance(call, dict) or call.keys() != {"name", "arguments"}:
        return {"error": "not a call"}
    name, arguments = call["name"], call["arguments"]
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return {"error": "not a call"}
    if name not in offered:
        return {"error": "no such tool"}
    if set(offered[name]) - set(arguments):
        return {"error": "missing argument"}
    if set(arguments) - set(offered[name]):
        return {"error": "extra argument"}
    for key, value in arguments.items():
        if not fits(value, offered[name][key]):
            return {"error": "wrong type"}
    try:
        return {"result": REGISTRY[name](**arguments)}
    except (ZeroDivisionError, KeyError):
        return {"error": "failed"}


def fits(value, kind):
    if kind == "text":
        return isinstance(value, str)
    return isinstance(value, (int, float)) and not isinstance(value, bool)
