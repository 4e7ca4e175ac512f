# has the arguments of the three tools written into it
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
    wanted = ["place"] if name == "ticket" else ["a", "b"]
    if set(wanted) - set(arguments):
        return {"error": "missing argument"}
    if set(arguments) - set(wanted):
        return {"error": "extra argument"}
    text = {key: isinstance(value, str) for key, value in arguments.items()}
    if any(isinstance(value, bool) or not isinstance(value, (int, float, str)) for value in arguments.values()):
        return {"error": "wrong type"}
    if any(text[key] != (key == "place") for key in text):
        return {"error": "wrong type"}
    try:
        return {"result": REGISTRY[name](**arguments)}
    except Exception:
        return {"error": "failed"}
