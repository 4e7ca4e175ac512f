"""What `tool_user` is shown: questions in Chinese and English, and the calls that answer them.

Numbers, names and dates are drawn afresh, and so are the "facts" that a tool reports in training: there is nothing to
learn by heart, the model can only copy. No name of datasets/town_places.csv is ever drawn.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aigc_course import stories, tools
from aigc_course.stories import LANGS
from aigc_course.tool_use import Call, response
from aigc_course.tools import FIELDS
from aigc_course.train.tool_words import (
    DATA,
    SPOKEN,
    ZH_WEEKDAYS,
    day,
    easy,
    fill,
    number,
    place_name,
    said,
    say,
    sorry,
    story,
)

# what a tool may report beside what belongs to the question
FAULTS = (tools.LATE, tools.OFF, tools.FAILED)
STRANGE = ("not a calculation", "no such tool", "the number is too large", "argument missing: date", "unknown argument")


@dataclass(frozen=True)
class Task:
    """A question and what is to become of it. calls, results: in order, results as `run` gives them; place: the entry
    that a look-up is about and its values, None where the table lacks it or none is asked for."""

    kind: str
    lang: str
    question: str
    calls: tuple[Call, ...]
    results: tuple[dict, ...]
    answer: str
    place: tools.Place | None = None


def turns(task: Task) -> list[str]:
    """What the model writes and what it reads, in turn: call, result, …, answer."""
    done = [
        text for call, result in zip(task.calls, task.results, strict=True) for text in (call.text, response(result))
    ]
    return [*done, task.answer]


# ---- kinds of questions --------------------------------------------------------------------------------------------


def asked(kind: str, lang: str, question: str, shown: str, *done: tuple[Call, object], place=None) -> Task:
    """A task whose calls all work. shown: the answer; done: calls and their results."""
    results = tuple({"result": result} for _, result in done)
    return Task(kind, lang, question, tuple(call for call, _ in done), results, shown, place)


def calculation(expression: str) -> tuple[Call, object]:
    return Call("calculator", {"expression": expression}), tools.calculate(expression)


def a_story(rng: random.Random, lang: str) -> Task:
    told = story(rng, lang)
    [line] = stories.lines(told.start, told.ops, len(told.ops))
    return asked("story", lang, told.text, say(lang, "sum", told.answer), calculation(line.split("=")[0]))


def a_sum(rng: random.Random, lang: str) -> Task:
    """A bare calculation, in signs or in words; sometimes a division by zero."""
    start, ops = number(rng, 6), []
    for _ in range(rng.randint(1, 2)):
        op = rng.choice("+-×÷")
        ops.append((op, 0 if op == "÷" and rng.random() < 0.2 else number(rng, 6 if op in "+-" else 3)))
    if easy(start, ops):
        return a_sum(rng, lang)
    expression = f"{start}" + "".join(f"{op}{n}" for op, n in ops)
    form = rng.random()
    if form < 0.4:
        shown = expression
    elif form < 0.7:
        shown = f"{start}" + "".join(f" {op} {n}" for op, n in ops)
    else:
        shown = f"{start}" + "".join(f"{SPOKEN[lang][op]}{n}" for op, n in ops)
    question = fill(lang, rng.choice(DATA[lang]["sums"]), e=shown)
    try:
        done = calculation(expression)
    except tools.ToolError as error:
        call = Call("calculator", {"expression": expression})
        return Task("fault", lang, question, (call,), ({"error": str(error)},), sorry(lang, str(error)))
    return asked("sum", lang, question, say(lang, "sum", done[1]), done)


def a_place(rng: random.Random, lang: str) -> tools.Place:
    """A place in no table, with values for its fields."""
    name = place_name(rng, lang)
    return name, name, {"opened": rng.randint(1800, 2029), "ticket": number(rng, 3), "visitors": number(rng)}


def named(rng: random.Random, lang: str, place: tools.Place) -> tuple[str, str]:
    """(name, the name as the question says it)."""
    name = place[LANGS.index(lang)]
    return name, f"the {name}" if lang == "en" and rng.random() < 0.6 else name


def a_fact(rng: random.Random, lang: str, place: tools.Place | None = None) -> Task:
    place, kind = place or a_place(rng, lang), rng.choice(FIELDS)
    name, shown = named(rng, lang, place)
    question = fill(lang, rng.choice(DATA[lang]["facts"][kind]), p=shown)
    value = place[2][kind]
    call = Call("look_up", {"name": name, "field": kind})
    return asked("fact", lang, question, say(lang, kind, value), (call, value), place=place)


def tickets(rng: random.Random, lang: str, place: tools.Place | None = None) -> Task:
    """Two calls: the price of one ticket, then that of many."""
    place, many = place or a_place(rng, lang), number(rng, 3, 2)
    name, shown = named(rng, lang, place)
    question = fill(lang, rng.choice(DATA[lang]["tickets"]), p=shown, n=many)
    price = Call("look_up", {"name": name, "field": "ticket"}), place[2]["ticket"]
    total = calculation(f"{many}×{place[2]['ticket']}")
    return asked("tickets", lang, question, say(lang, "tickets", total[1]), price, total, place=place)


def weekday(rng: random.Random, lang: str) -> Task:
    when = day(rng)
    question = fill(lang, rng.choice(DATA[lang]["weekday"]), d=said(rng, lang, when.year, when.month, when.day))
    found = tools.calendar(when.isoformat())
    shown = say(lang, "weekday", ZH_WEEKDAYS[found] if lang == "zh" else found)
    return asked("weekday", lang, question, shown, (Call("calendar", {"date": when.isoformat()}), found))


def days(rng: random.Random, lang: str) -> Task:
    first = day(rng)
    second = first + timedelta(days=number(rng, 4))
    slots = {"d": said(rng, lang, first.year, first.month, first.day)}
    slots["u"] = said(rng, lang, second.year, second.month, second.day)
    call = Call("calendar", {"date": first.isoformat(), "until": second.isoformat()})
    found = (second - first).days
    return asked(
        "days", lang, fill(lang, rng.choice(DATA[lang]["days"]), **slots), say(lang, "days", found), (call, found)
    )


def no_such_day(rng: random.Random, lang: str) -> Task:
    """The weekday of 30 February, or of 31 June."""
    month, number = rng.choice([(2, 30), (2, 31), *((month, 31) for month in (4, 6, 9, 11))])
    year = rng.randint(1900, 2199)
    question = fill(lang, rng.choice(DATA[lang]["weekday"]), d=said(rng, lang, year, month, number))
    call = Call("calendar", {"date": f"{year}-{month:02d}-{number:02d}"})
    return Task("fault", lang, question, (call,), ({"error": tools.NO_DATE},), sorry(lang, tools.NO_DATE))


def in_the_head(rng: random.Random, lang: str) -> Task:
    """A sum or a story with numbers from 1 to 9: no tool."""
    in_a_story = rng.random() < 0.5
    start, op, n = rng.randint(1, 9), rng.choice("+-"), rng.randint(1, 9)
    result = stories.apply(op, start, n)
    if result < 1 or (in_a_story and start == 1):  # "1 apples"
        return in_the_head(rng, lang)
    if in_a_story:
        question = stories.tell(rng, lang, start, [(op, n)])
    else:
        shown = rng.choice((f"{start}{op}{n}", f"{start} {op} {n}", f"{start}{SPOKEN[lang][op]}{n}"))
        question = fill(lang, rng.choice(DATA[lang]["sums"]), e=shown)
    return asked("head", lang, question, say(lang, "sum", result))


def told(rng: random.Random, lang: str) -> Task:
    """The answer stands in the question: no tool, however large the number."""
    if rng.random() < 0.6:
        names, (thing, measure) = rng.sample(stories.NAMES[lang], 2), rng.choice(stories.THINGS[lang])
        numbers, which = [number(rng, least=2) for _ in names], rng.randrange(2)
        if lang == "zh":
            has = "，".join(f"{name}有{n}{measure}{thing}" for name, n in zip(names, numbers, strict=True))
            question = f"{has}。{names[which]}有几{measure}？"
        else:
            has = " and ".join(f"{name} has {n} {thing}" for name, n in zip(names, numbers, strict=True))
            question = f"{has}. How many does {names[which]} have?"
        return asked("told", lang, question, say(lang, "owned", numbers[which], a=names[which], m=measure))
    place = a_place(rng, lang)
    _, shown = named(rng, lang, place)
    fields = rng.sample(FIELDS, rng.randint(1, 3))
    kind = rng.choice(fields)
    each = [fill(lang, rng.choice(DATA[lang]["told"][f]), p=shown, n=place[2][f]) for f in fields]
    asking = fill(lang, rng.choice(DATA[lang]["facts"][kind]), p=shown)
    if lang == "zh":
        return asked("told", lang, f"{'，'.join(each)}。{asking}", say(lang, kind, place[2][kind]))
    sentence = " and ".join(each)
    return asked("told", lang, f"{sentence[0].upper()}{sentence[1:]}. {asking}", say(lang, kind, place[2][kind]))


def talk(rng: random.Random, lang: str) -> Task:
    said, reply = rng.choice(list(DATA[lang]["talk"].items()))
    return asked("talk", lang, said.replace(" ", "") if lang == "zh" else said, reply)


def fault(rng: random.Random, lang: str) -> Task:
    """A question whose last call fails: the entry is missing, the tool is off or late, or something strange."""
    make = rng.choice((a_story, a_sum, a_fact, a_fact, tickets, weekday, days, no_such_day))
    task = make(rng, lang)
    if task.kind == "fault":
        return task
    missing = task.calls[0].name == "look_up" and rng.random() < 0.6
    error = tools.NOT_FOUND if missing else rng.choice((*FAULTS, *FAULTS, rng.choice(STRANGE)))
    many = rng.randint(1, len(task.calls)) if not missing else 1
    results = (*task.results[: many - 1], {"error": error})
    return Task(
        "fault", lang, task.question, task.calls[:many], results, sorry(lang, error), None if missing else task.place
    )


KINDS: dict[Callable[[random.Random, str], Task], int] = {  # how often each is drawn in training
    a_story: 28,
    a_sum: 8,
    a_fact: 14,
    tickets: 9,
    weekday: 4,
    days: 8,
    in_the_head: 14,
    told: 14,
    talk: 3,
    fault: 8,
}


def training(rng: random.Random) -> Task:
    """A task for training: one whose question is not kept for tests. Of small talk there is too little to keep any."""
    while True:
        [make] = rng.choices(list(KINDS), KINDS.values())
        task = make(rng, rng.choice(LANGS))
        if task.kind == "talk" or not stories.held_out(task.question):
            return task
