"""The words, numbers, names and dates that the questions of `tool_user` are made of, drawn at random."""

import random
import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from aigc_course import stories, tools

LARGEST = 9999  # the largest number on the way of a story
DATA = tomllib.loads((files("aigc_course") / "data" / "tool_questions.toml").read_text(encoding="utf-8"))
MONTHS = DATA["en"]["months"].split()
ZH_WEEKDAYS = dict(
    zip(tools.WEEKDAYS, ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"), strict=True)
)
SPOKEN = {
    "zh": {"+": "加", "-": "减", "×": "乘以", "÷": "除以"},
    "en": {"+": " plus ", "-": " minus ", "×": " times ", "÷": " divided by "},
}


def number(rng: random.Random, digits: int = 4, least: int = 1) -> int:
    """A number of 1 to `digits` digits, each length as often."""
    count = rng.randint(1, digits)
    return rng.randint(max(least, 10 ** (count - 1)), 10**count - 1)


def story(rng: random.Random, lang: str) -> stories.Story:
    """A story of 1 to 3 operations with values up to LARGEST, and not so easy that it needs no tool."""
    while True:
        value = start = number(rng, least=2)
        ops = []
        for _ in range(rng.randint(1, 3)):
            op, n = operand(rng, value)
            ops.append((op, n))
            value = stories.apply(op, value, n)
        if not easy(start, ops):
            return stories.Story(lang, stories.tell(rng, lang, start, ops), start, tuple(ops))


def operand(rng: random.Random, value: int) -> tuple[str, int]:
    """An operation that is possible at `value`: the result is a whole number from 1 to LARGEST."""
    while True:
        op = rng.choice("+-×÷")
        n = number(rng) if op in "+-" else number(rng, 2, 2)
        if (op != "÷" or value % n == 0) and 1 <= stories.apply(op, value, n) <= LARGEST:
            return op, n


def easy(start: int, ops: Sequence[tuple[str, int]]) -> bool:
    """Whether this is done in the head: one + or -, numbers from 1 to 9."""
    return len(ops) == 1 and ops[0][0] in "+-" and start < 10 and ops[0][1] < 10


@cache
def reserved() -> set[str]:
    """The names of the bundled table, in both languages."""
    return {name for zh, en, _ in tools.town() for name in (zh, en)}


def place_name(rng: random.Random, lang: str) -> str:
    """A name that is not in the bundled table. One in five is made of rare characters or of letters at random, so
    that copying is learned for every name."""
    words, strange = DATA[lang], rng.random() < 0.2
    kind = rng.choice(words["places"].split())
    if lang == "zh":
        many = rng.randint(2, 3)
        name = "".join(hanzi(rng) if strange else rng.choice(words["name_characters"]) for _ in range(many)) + kind
    else:
        first = [letters(rng) if strange else rng.choice(words["name_words"].split())]
        name = " ".join([*first, *rng.sample(words["name_words"].split(), rng.randint(0, 1)), kind])
    return place_name(rng, lang) if name in reserved() else name


def hanzi(rng: random.Random) -> str:
    """One of the 3755 common characters of GB 2312."""
    at = rng.randrange(3755)
    return bytes([0xB0 + at // 94, 0xA1 + at % 94]).decode("gb2312")


def letters(rng: random.Random) -> str:
    """A word like Brulofan."""
    return "".join(
        rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.randint(2, 4))
    ).capitalize()


def day(rng: random.Random) -> date:
    return date(1900, 1, 1) + timedelta(days=rng.randrange(300 * 365))


def said(rng: random.Random, lang: str, year: int, month: int, number: int) -> str:
    """A date in words; the month and the day need not exist."""
    if lang == "zh":
        return f"{year}年{month}月{number}{rng.choice('日号')}"
    name = MONTHS[month - 1]
    return rng.choice((f"{number} {name} {year}", f"{name} {number}, {year}"))


# ---- from words to questions and answers ---------------------------------------------------------------------------


def fill(lang: str, template: str, **slots) -> str:
    """A question from its template; Chinese loses the spaces between words."""
    return (template.replace(" ", "") if lang == "zh" else template).format(**slots)


def say(lang: str, kind: str, result, **slots) -> str:
    """The answer to a question of this kind."""
    return DATA[lang]["answers"][kind].format(r=result, **slots)


def sorry(lang: str, error: str) -> str:
    """The honest answer where a tool reports an error."""
    known = DATA[lang]["errors"]
    return known.get(error, known["other"])
