"""Plain values: what an answer may be made of when it crosses from a student to a checker, and how to compare."""

import math
import sys
from collections import Counter, OrderedDict, defaultdict
from typing import Any

from aigc_course.errors import CourseError

MAX_DEPTH = 32
_REPR_LIMIT = 160


class NotPlain(CourseError):
    """An answer holds something other than numbers, strings, lists and dicts."""


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as None, bool, int, float, str, list and dict with str keys, and nothing else; NotPlain if it cannot be.

    Types are compared exactly: a subclass of list with an `__eq__` of its own never reaches a comparison. Tuples, NumPy
    arrays and torch tensors become lists, NumPy's numbers Python's; the dicts of `collections` become dicts.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if depth > MAX_DEPTH:
        raise NotPlain(
            "答案嵌套得太深，或者列表里装着它自己。", "The answer is nested too deep, or a list holds itself."
        )
    if kind in (list, tuple):
        return [plain(item, depth + 1) for item in value]
    if kind in (dict, defaultdict, OrderedDict, Counter):
        odd = [key for key in value if type(key) is not str]
        if odd:
            key = short(odd[0])
            raise NotPlain(f"字典的键要用字符串，这里有一个 {key}。", f"Dict keys must be strings; one is {key}.")
        return {key: plain(item, depth + 1) for key, item in value.items()}
    if _is_of_library(kind):
        return plain(value.tolist(), depth + 1)
    raise NotPlain(
        f"答案里有 {kind.__name__} 类型的东西。请只用数、字符串、列表和字典。",
        f"The answer holds something of type {kind.__name__}. Use only numbers, strings, lists and dicts.",
    )


def _is_of_library(kind: type) -> bool:
    """Whether it is torch's or NumPy's own type with a `tolist`, not a student's class that borrows the name.

    Looked up by name, so that neither library is imported for an answer that does not use it.
    """
    owner = sys.modules.get(kind.__module__) if kind.__module__ in ("torch", "numpy") else None
    return getattr(owner, kind.__name__, None) is kind and hasattr(kind, "tolist")


def close(answer: Any, truth: Any, tolerance: float = 1e-6) -> bool:
    """Whether two plain values have the same shape and every number differs by at most `tolerance` (absolute, or as
    a fraction of the larger). Infinities must agree; NaN equals only NaN; True is not 1; all else must be equal.
    """
    if type(truth) in (list, tuple):
        same = type(answer) in (list, tuple) and len(answer) == len(truth)
        return same and all(close(a, b, tolerance) for a, b in zip(answer, truth, strict=True))
    if type(truth) is dict:
        same = type(answer) is dict and answer.keys() == truth.keys()
        return same and all(close(answer[key], truth[key], tolerance) for key in truth)
    if type(truth) in (int, float):
        if type(answer) not in (int, float):
            return False
        if math.isnan(truth) or math.isnan(answer):
            return math.isnan(truth) and math.isnan(answer)
        return math.isclose(answer, truth, rel_tol=tolerance, abs_tol=tolerance)
    return type(answer) is type(truth) and answer == truth


def short(value: Any) -> str:
    """repr(value), cut to a line; never raises."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _REPR_LIMIT else text[: _REPR_LIMIT - 1] + "…"
