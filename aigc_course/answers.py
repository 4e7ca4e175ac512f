"""A student's answer, looked at and called where it lives: what leaves it is JSON-able, by exact type.

The notebook's `check` asks the answer in its own process; grading asks it in the student's kernel, through this module,
and judges the replies elsewhere.
"""

import json
import linecache
from collections.abc import Callable
from typing import Any

from aigc_course.plain import NotPlain, plain, short

TEXT_LIMIT = 500


class Here:
    """An answer in this process."""

    def __init__(self, answer: Any):
        self.answer = answer

    def look(self) -> dict:
        """What the answer is: {"callable": bool, "empty": None or ... , "type": name of its type}."""
        answer = self.answer
        empty = answer is None or answer is ...
        return {"callable": callable(answer), "empty": empty, "type": type(answer).__name__[:TEXT_LIMIT]}

    def value(self) -> dict:
        """The answer as a reply (see `reply`)."""
        return reply(self.answer)

    def call(self, calls: list[list]) -> list[dict]:
        """The replies to calls of the answer, each [positional arguments, keyword arguments] of plain values; the
        last reply is the first without a value.

        A reply is that of `reply`, or {"stub": True} for NotImplementedError, or {"raised": the error, "line": the
        line of the answer's source that raised it, "" where that is not known}.
        """
        replies = []
        for args, kwargs in calls:
            replies.append(_call(self.answer, args, kwargs))
            if "value" not in replies[-1]:
                break
        return replies


def reply(value: Any) -> dict:
    """{"value": the plain value, "shown": its repr, cut short}, or {"odd": [zh, en], "shown": …} where it has none."""
    shown = short(value)
    try:
        return {"value": plain(value), "shown": shown}
    except NotPlain as error:
        return {"odd": [error.zh[:TEXT_LIMIT], error.en[:TEXT_LIMIT]], "shown": shown}


def _call(function: Callable, args: list, kwargs: dict) -> dict:
    try:
        value = function(*args, **kwargs)
    except NotImplementedError:
        return {"stub": True}
    except (Exception, SystemExit) as error:
        return {"raised": _described(error), "line": _line(function, error)[:TEXT_LIMIT]}
    return reply(value)


def _described(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:TEXT_LIMIT]


def _line(function: Callable, error: BaseException) -> str:
    """The line of the function's own source that raised the error, "" where it cannot be found."""
    home = getattr(getattr(function, "__code__", None), "co_filename", None)
    line, frame = "", error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == home:
            line = linecache.getline(home, frame.tb_lineno).strip()
        frame = frame.tb_next
    return line


def ask(names: dict, request: str) -> str:
    """The kernel's end of a grader's question: JSON [what, name, calls] → JSON of what the answer `name` replies.

    what: "look", "value" or "call". "null" where there is no such name.
    """
    what, name, calls = json.loads(request)
    if name not in names:
        return "null"
    answer = Here(names[name])
    return json.dumps({"look": answer.look, "value": answer.value}[what]() if what != "call" else answer.call(calls))
