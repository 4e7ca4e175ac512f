"""The tools of the course's small tool user: a calculator, a table of places, a calendar.

Each is a plain function with a name, a description and a schema of its arguments. The calculator reads its expression
itself, number by number: nothing that a model wrote is ever evaluated as code.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

from aigc_course import course, tables
from aigc_course.i18n import t

NOT_FOUND, ZERO, NO_DATE = "not found", "division by zero", "no such date"
LATE, OFF, FAILED = "no reply in time", "switched off", "the tool failed"


class ToolError(Exception):
    """Why a call gave no result, in a few words; the model reads them."""


@dataclass(frozen=True)
class Tool:
    """Something that a model may call. parameters: the JSON schema of its arguments; run: gets them by name, gives what
    JSON can hold, or raises ToolError."""

    name: str
    zh: str
    en: str
    parameters: dict
    run: Callable[..., object]

    @property
    def schema(self) -> dict:
        """The tool as OpenAI's API and chat templates want to hear of it."""
        about = {"name": self.name, "description": t(self.zh, self.en), "parameters": self.parameters}
        return {"type": "function", "function": about}


def broken(tool: Tool, error: str = OFF) -> Tool:
    """The same tool, which only ever reports this error."""

    def fail(**_):
        raise ToolError(error)

    return replace(tool, run=fail)


def calculate(expression: str) -> int | float:
    """The value of numbers, + - × ÷ (or * /) and brackets, exact, then rounded to six places; ToolError where it has
    none.

    expression := term {(+|-) term};  term := factor {(×|÷) factor};  factor := number | - factor | ( expression )
    """
    tokens = [*re.findall(r"[0-9]+(?:\.[0-9]+)?|\S", expression), ""]
    at = 0

    def take() -> str:
        nonlocal at
        at += 1
        return tokens[at - 1]

    def sums(depth: int) -> Fraction:
        value = products(depth)
        while tokens[at] in ("+", "-", "−"):
            value = value + products(depth) if take() == "+" else value - products(depth)
        return value

    def products(depth: int) -> Fraction:
        value = factor(depth)
        while tokens[at] in ("×", "÷", "*", "/"):
            if take() in "×*":
                value *= factor(depth)
            elif divisor := factor(depth):
                value /= divisor
            else:
                raise ToolError(ZERO)
        return value

    def factor(depth: int) -> Fraction:
        token = take()
        if depth > 20:
            raise ToolError("too many brackets")
        if token in ("-", "−"):
            return -factor(depth + 1)
        if token == "(":
            value = sums(depth + 1)
            if take() != ")":
                raise ToolError("a bracket is missing")
            return value
        if not token[:1].isascii() or not token[:1].isdigit():
            raise ToolError("not a calculation")
        return Fraction(token)

    value = sums(0)
    if tokens[at]:
        raise ToolError("not a calculation")
    if abs(value) >= 10**15:
        raise ToolError("the number is too large")
    return int(value) if value.denominator == 1 else round(float(value), 6)


FIELDS = ("opened", "ticket", "visitors")
Place = tuple[str, str, dict[str, int]]  # Chinese name, English name, the value of each field


@cache
def town() -> list[Place]:
    """The made-up town of datasets/town_places.csv."""
    path: Path = course.root() / "datasets" / "town_places.csv"
    rows = tables.rows(path, ("zh", "en", *FIELDS))
    return [(zh, en, dict(zip(FIELDS, map(int, values), strict=True))) for zh, en, *values in rows]


def look_up_in(places: Callable[[], list[Place]]) -> Tool:
    """The tool that looks into a table of places."""

    def look_up(name: str, field: str) -> int:
        for zh, en, values in places():
            if name in (zh, en):
                return values[field]
        raise ToolError(NOT_FOUND)

    return Tool(
        "look_up",
        "查小城的表格：某个地方哪年开放（opened）、门票几元（ticket）、每天多少人（visitors）。",
        "Looks into the town's table: when a place opened, the price of its ticket in yuan, its visitors a day.",
        _schema(name={"maxLength": 60}, field={"enum": list(FIELDS)}),
        look_up,
    )


WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def calendar(date: str, until: str | None = None) -> str | int:
    """The weekday of a date, or the days from it to another; both as YYYY-MM-DD."""
    first, second = _day(date), until and _day(until)
    return (second - first).days if second else WEEKDAYS[first.weekday()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ToolError(NO_DATE) from None


def _schema(optional: Sequence[str] = (), **properties: dict) -> dict:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} | rule for name, rule in properties.items()},
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


CALCULATOR = Tool(
    "calculator",
    "计算一个算式：数、+ - × ÷ 和括号。",
    "Works out a calculation: numbers, + - × ÷ and brackets.",
    _schema(expression={"maxLength": 200}),
    calculate,
)
LOOK_UP = look_up_in(town)
ISO = {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
CALENDAR = Tool(
    "calendar",
    "date 是星期几；给了 until，就数从 date 到 until 有几天。日期写成 YYYY-MM-DD。",
    "The weekday of date; with until, the number of days from date to until. Dates as YYYY-MM-DD.",
    _schema(["until"], date=ISO, until=ISO),
    calendar,
)
TOOLS = (CALCULATOR, LOOK_UP, CALENDAR)
