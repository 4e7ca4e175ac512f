"""Prompts in parts, and the checks that tell whether an answer is what was wished for.

A record of a market stall holds five facts. Somebody wishes for some of them, in a certain form; the prompt says as
much of the wish as its parts do: role, task, format, examples. Because the wish is known, every answer can be judged.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import torch

from aigc_course import tool_use
from aigc_course.errors import CourseError
from aigc_course.reasoning import load
from aigc_course.rollouts import rollout
from aigc_course.tools import ToolError

WORDS = tomllib.loads((files("aigc_course") / "data" / "prompting.toml").read_text(encoding="utf-8"))
FIELDS = ("seller", "thing", "price", "place", "day")
ROLES = ("clerk", "reporter", "friend")  # heard in sentences only
FORMATS = ("sentence", "json", "line")
PRICES = ("word", "sign", "decimal")  # 85 yuan, ¥85, 85.00: only an example shows which
SEPARATORS = (" / ", " | ", "; ")  # in a line: only an example shows which
PARTS = ("role", "task", "format", "example")
LONGEST_ANSWER = 64  # tokens
ROWS = 64  # texts written at a time


@dataclass(frozen=True)
class Record:
    """A stall. values: by field, in the order in which the record is written; note: a remark, which nobody asks for."""

    lang: str
    values: Mapping[str, str]
    note: str = ""

    def __str__(self) -> str:
        words = WORDS[self.lang]
        told = [f"{words['fields'][field]}{words['colon']}{value}" for field, value in self.values.items()]
        told += [f"{words['note']}{words['colon']}{self.note}"] * bool(self.note)
        return words["semicolon"].join(told)


class Wish(NamedTuple):
    """What somebody wants: which facts, in this order; whose voice; which format; how prices and lines are written."""

    fields: tuple[str, ...]
    role: str
    format: str
    price: str
    separator: str


def value(wish: Wish, record: Record, field: str) -> str:
    """A fact of the record as the wish wants it written."""
    given = record.values[field]
    return WORDS[record.lang]["price"][wish.price].format(given) if field == "price" else given


def answer(wish: Wish, record: Record) -> str:
    """The answer that the wish wants."""
    words, values = WORDS[record.lang], {field: value(wish, record, field) for field in wish.fields}
    if wish.format == "json":
        return json.dumps({words["fields"][field]: v for field, v in values.items()}, ensure_ascii=False)
    if wish.format == "line":
        return wish.separator.join(f"{words['fields'][field]}{words['colon']}{v}" for field, v in values.items())
    opening, end = words["voice"][wish.role]
    clauses = [words["clause"].format(field=words["fields"][field], value=v) for field, v in values.items()]
    return opening + words["comma"].join(clauses) + end


def prompt(
    record: Record,
    role: str = "",
    task: str = "",
    format: str = "",
    examples: Sequence[tuple[Record, str]] = (),
    extra: str = "",
) -> str:
    """The text that the model goes on from: the parts that are there, in this order, then the record.

    examples: records with their answers. extra: any other sentence. CourseError where a record has no facts.
    """
    if not record.values:
        raise CourseError("记录是空的：至少写一项。", "The record is empty: give at least one fact.")
    words = WORDS[record.lang]
    space = " " if record.lang == "en" else ""
    told = space.join(part for part in (role, task, format, extra) if part)
    lines = [told] * bool(told)
    for shown, reply in examples:
        lines += [f"{words['example']}{shown}", f"{words['answer']}{reply}"]
    return "\n".join([*lines, f"{words['record']}{record}", words["answer"]])


def answers(
    prompts: Sequence[str],
    model="prompted",
    *,
    temperature: float = 0.0,
    samples: int = 1,
    generator: torch.Generator | None = None,
) -> list[list[str]]:
    """For each prompt, `samples` answers of the bundled model. model: its name, or (model, tokenizer).

    temperature 0 is greedy. CourseError where a prompt is longer than the model can read.
    """
    model, tokenizer = load(model) if isinstance(model, str) else model
    ids = tokenizer(list(prompts))["input_ids"]
    room = model.config.max_position_embeddings - LONGEST_ANSWER
    if (longest := max(map(len, ids), default=0)) > room:
        raise CourseError(
            f"提示词太长：有 {longest} 个 token，最多 {room} 个，请写短一些。",
            f"The prompt is too long: {longest} tokens, at most {room} fit. Shorten it.",
        )
    how = {"max_new_tokens": LONGEST_ANSWER, "temperature": temperature, "samples": samples, "generator": generator}
    size = max(1, ROWS // samples)
    written = [row for at in range(0, len(ids), size) for row in rollout(model, ids[at : at + size], **how)]
    end = [model.config.eos_token_id]
    texts = [tokenizer.decode(row[:-1] if row[-1:] == end else row) for row in written]
    return [texts[at : at + samples] for at in range(0, len(texts), samples)]


# ---- judging by the wish -------------------------------------------------------------------------------------------


class Read(NamedTuple):
    """What stands in an answer. format: as it looks; values: what was said, by field where the answer names it, else by
    place (0, 1, …); role: whose voice, "" where none."""

    format: str
    values: dict[str | int, str]
    role: str = ""


def read(text: str, lang: str) -> Read:
    """Take an answer apart. What is no JSON object and no sentence in a known voice is a line."""
    words = WORDS[lang]
    field_of = {name: field for field, name in words["fields"].items()}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return Read("json", {field_of.get(key, key): str(v) for key, v in found.items()})
    for role, (opening, end) in words["voice"].items():
        if text.startswith(opening) and text.endswith(end):
            pattern = re.escape(words["clause"]).replace(r"\{field\}", "(.+?)").replace(r"\{value\}", "(.+)")
            clauses = text[len(opening) : -len(end)].split(words["comma"])
            pairs = [match.groups() for clause in clauses if (match := re.fullmatch(pattern, clause))]
            if len(pairs) == len(clauses):
                return Read("sentence", {field_of.get(name, name): v for name, v in pairs}, role)
    pieces = [piece.rpartition(words["colon"]) for piece in re.split("|".join(map(re.escape, SEPARATORS)), text)]
    return Read("line", {field_of.get(name, name or i): v for i, (name, _, v) in enumerate(pieces)})


def plain(value: str) -> str:
    """A value without the unit of a price, to compare it with the record's."""
    match = re.fullmatch(r"¥?([0-9]+)(?:元| yuan|\.00)?", value)
    return match[1] if match else value


def judged(text: str, wish: Wish, record: Record) -> dict[str, bool]:
    """How far an answer is what was wished for.

    facts: each value is the record's, under its name; task: these facts and no others, in order; format; voice (right
    where the format has none); habits: prices and lines written as the wish has it; all: word for word.
    """
    got = read(text, record.lang)
    values = [plain(v) for v in got.values.values()]
    asked = [record.values[field] for field in wish.fields]
    named = {field: v for field, v in got.values.items() if isinstance(field, str)}
    wanted = answer(wish, record)
    price = value(wish, record, "price")
    money = [v for v in got.values.values() if plain(v) == record.values["price"]]
    return {
        "facts": all(v in record.values.values() for v in values)
        and all(record.values.get(field) == plain(v) for field, v in named.items()),
        "task": values == asked and (not named or tuple(named) == wish.fields),
        "format": got.format == wish.format,
        "voice": wish.format != "sentence" or got.role == wish.role,
        "habits": all(v == price for v in money)
        and not (got.format == wish.format == "line" and len(values) > 1 and wish.separator not in text),
        "all": text == wanted,
    }


# ---- checks that know the record, not the wish ---------------------------------------------------------------------


def schema(fields: Iterable[str], lang: str) -> dict:
    """The JSON Schema of an answer with these fields."""
    rules = {field: {"type": "string"} for field in fields}
    if "price" in rules:
        rules["price"]["pattern"] = r"^(¥[0-9]+|[0-9]+(元| yuan|\.00))$"
    names = WORDS[lang]["fields"]
    properties = {names[field]: rule for field, rule in rules.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def misshapen(text: str, wanted: dict) -> str:
    """What is wrong with an answer that should be JSON after the schema `wanted`; "" if nothing."""
    try:
        tool_use.validate(json.loads(text), wanted)
    except (ValueError, RecursionError):
        return "not JSON"
    except ToolError as error:
        return str(error)
    return ""


def unfounded(text: str, record: Record) -> list[str]:
    """The fact check: values of the answer that do not stand in the record, or stand there under another name."""
    got = read(text, record.lang).values
    return [
        v
        for field, v in got.items()
        if (record.values.get(field) != plain(v) if isinstance(field, str) else plain(v) not in record.values.values())
    ]


SLIPS = {  # name → what it looks like; the text alone is looked at
    "doubled word": r"\b([A-Za-z]+) \1\b|的的|是是|了了|，，|。。",
    "a before a vowel": r"\b[Aa] [aeiouAEIOU]",
    "an before a consonant": r"\b[Aa]n [^aeiouhAEIOUH\W]",
    "space before a comma": r" [,，。！]",
}
PAIRS = {"(": ")", "（": "）", "[": "]", "{": "}", "“": "”", "《": "》"}


def slips(text: str) -> list[str]:
    """The grammar check: the names of the slips in a text. It is small, and a slip of spelling or of sense passes."""
    found = [name for name, pattern in SLIPS.items() if re.search(pattern, text)]
    awaited: list[str] = []
    for sign in text:
        if sign in PAIRS:
            awaited.append(PAIRS[sign])
        elif sign in PAIRS.values() and (not awaited or awaited.pop() != sign):
            return [*found, "brackets"]
    return [*found, "brackets"] if awaited or text.count('"') % 2 else found


def until(passes: Callable[[str], bool], drafts: Iterable[str]) -> tuple[str | None, int]:
    """Take the first draft that passes: (it, how many were looked at); (None, all of them) if none does."""
    tries = 0
    for tries, draft in enumerate(drafts, start=1):
        if passes(draft):
            return draft, tries
    return None, tries
