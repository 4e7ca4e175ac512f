# the fault first, then the call
import json


def fault(written, offered):
    try:
        call = json.loads(written)
    except json.JSONDecodeError:
        return "not JSON", None
    match call:
        case {"name": str(name), "arguments": dict(arguments), **rest} if not rest:
            pass
        case _:
            return "not a call", None
    if name not in offered:
        return "no such tool", None
    wanted = offered[name]
    if any(key not in arguments for key in wanted):
        return "missing argument", None
    if len(arguments) > len(wanted):
        return "extra argument", None
    kinds = {
        key: "text" if type(v) is str else "number" if type(v) in (int, float) else "" for key, v in arguments.items()
    }
    return ("", (name, arguments)) if kinds == wanted else ("wrong type", None)


def run_call(written, offered):
    wrong, call = fault(written, offered)
    if wrong:
        return {"error": wrong}
    name, arguments = call
    try:
        result = REGISTRY[name](**arguments)
    except Exception:
        return {"error": "failed"}
    return {"result": result}
