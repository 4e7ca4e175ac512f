# passes the arguments by place
import json


def run_call(written, offered):
    try:
        call = json.loads(written)
    except ValueError:
        return {"error": "not JSON"}
    if not isinstance(call, dict) or set(call) != {"name", "arguments"}:
        return {"error": "not a call"}
    name, arguments = call["name"], call["arguments"]
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return {"error": "not a call"}
    if name not in offered:
        return {"error": "no such tool"}
    wanted = offered[name]
    if set(wanted) - set(arguments):
        return {"error": "missing argument"}
    if set(arguments) - set(wanted):
        return {"error": "extra argument"}
    types = {"number": (int, float), "text": (str,)}
    if any(type(value) not in types[wanted[key]] for key, value in arguments.items()):
        return {"error": "wrong type"}
    try:
        return {"result": REGISTRY[name](*arguments.values())}
    except Exception:
        return {"error": "failed"}
