"""The landscape of AIGC as small sourced tables: words, timeline, modalities, industries, value, jobs, rules, claims.

Each table is a file datasets/landscape_*.csv with a datasheet beside it; a row says where it comes from. Nothing here
was measured by us unless it says so, and what has become of a forecast is unknown unless a row says so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache

from aigc_course import course, glossary, tables
from aigc_course.claims import Claim
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang

# relation → (zh, en), as read from a term to others; the backward ones follow from the table
RELATIONS = {
    "kind_of": ("是一种", "is a kind of"),
    "part_of": ("它属于", "is part of"),
    "has_kind": ("下面分出", "has these kinds"),
    "has_part": ("里面有", "contains"),
    "confused_with": ("常和它弄混的", "is often confused with"),
}
BACK = {"kind_of": "has_kind", "part_of": "has_part", "confused_with": "confused_with"}
# how the ledger names the course's two sources
LECTURE, ARTICLE = "DeepSeek与AIGC应用", "Article for developers that goes with the lecture"


@dataclass(frozen=True)
class Term:
    """A word of the map; its names and definition are the glossary's row `term`. kind_of, part_of, confused_with: other
    terms, separated by |; lesson: the slug of the lesson of this course that shows it, or empty."""

    term: str
    kind_of: str
    part_of: str
    confused_with: str
    example_zh: str
    example_en: str
    lesson: str


@dataclass(frozen=True)
class Event:
    """kind: idea, product or rule."""

    year: str
    kind: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True)
class Modality:
    """tool_kind: what `tool_list` calls it."""

    modality: str
    zh: str
    en: str
    made_by_zh: str
    made_by_en: str
    weak_zh: str
    weak_en: str
    lesson: str
    tool_kind: str


@dataclass(frozen=True)
class Industry:
    """evidence: measured, reported (by others than those concerned), named (their own word), anonymous, none."""

    industry: str
    zh: str
    en: str
    done_zh: str
    done_en: str
    evidence_zh: str
    evidence_en: str
    evidence: str
    limit_zh: str
    limit_en: str
    source: str


@dataclass(frozen=True)
class Value:
    """A statement about what generative AI is worth. kind: measured, survey (people say so) or forecast; measure: what
    `percent` is a change of, the time for the same work or the work done in an hour; both empty where not measured."""

    id: str
    kind: str
    year: str
    zh: str
    en: str
    measure: str
    percent: str
    source: str


@dataclass(frozen=True)
class Demand:
    """kind: job or skill; direction of the expected demand: 1, 0 or -1."""

    kind: str
    zh: str
    en: str
    direction: str
    source: str


@dataclass(frozen=True)
class Challenge:
    zh: str
    en: str
    what_zh: str
    what_en: str
    measure_zh: str
    measure_en: str
    lesson: str


@dataclass(frozen=True)
class Rule:
    """What one article of a rule asks, in our words. rule: interim or labelling; in_force: since when."""

    rule: str
    in_force: str
    zh: str
    en: str
    asks_zh: str
    asks_en: str
    source: str


TABLES = {
    "terms": Term,
    "timeline": Event,
    "modalities": Modality,
    "industries": Industry,
    "value": Value,
    "jobs": Demand,
    "challenges": Challenge,
    "rules": Rule,
}


@cache
def read(name: str) -> tuple:
    """The rows of datasets/landscape_<name>.csv, in order; CourseError for a name that is none of TABLES."""
    if name not in TABLES:
        raise CourseError(
            f"没有叫“{name}”的表，可选：{'、'.join(TABLES)}。",
            f"There is no table “{name}”. Known: {', '.join(TABLES)}.",
        )
    kind = TABLES[name]
    path = course.root() / "datasets" / f"landscape_{name}.csv"
    return tuple(kind(*row) for row in tables.rows(path, tuple(field.name for field in fields(kind))))


def said(row, what: str = "") -> str:
    """A row's words in the reader's language: its `what`_zh or `what`_en, or plain zh or en."""
    return getattr(row, f"{what}_{get_lang()}" if what else get_lang())


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns to the left: long sentences wrap there, which a data frame's do not."""
    lines = [columns, [":---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


# ---- words ---------------------------------------------------------------------------------------------------------


def terms() -> dict[str, Term]:
    """The words of the map, by key."""
    return {row.term: row for row in read("terms")}


def name(key: str) -> str:
    """A term's name in the reader's language, from the glossary."""
    return said(glossary.load()[key])


def relations(key: str) -> list[tuple[str, str]]:
    """(relation, other term) of a term, in the order of RELATIONS; those that others state count, backwards.

    CourseError if the map has no such term.
    """
    if key not in terms():
        raise CourseError(f"词的地图上没有“{key}”。", f"The map of terms has no “{key}”.")
    found = []
    for row in terms().values():
        for relation in BACK:
            for other in filter(None, getattr(row, relation).split("|")):
                if row.term == key:
                    found.append((relation, other))
                elif other == key:
                    found.append((BACK[relation], row.term))
    return sorted(dict.fromkeys(found), key=lambda pair: list(RELATIONS).index(pair[0]))


def parent(key: str) -> str:
    """Under which term another hangs on the map: the first that it is a kind of, else part of; "": a root."""
    row = terms()[key]
    return (row.kind_of or row.part_of).split("|")[0]


def tree() -> list[tuple[int, str]]:
    """(depth, term) of all terms, each after the one that it hangs under."""

    def below(key: str, depth: int) -> list[tuple[int, str]]:
        return [(depth, key), *(line for child in terms() if parent(child) == key for line in below(child, depth + 1))]

    return [line for root in terms() if not parent(root) for line in below(root, 0)]


def is_a(key: str, other: str) -> bool:
    """Whether each `key` is also a kind of `other`, over any number of steps."""
    ups = [up for relation, up in relations(key) if relation == "kind_of"]
    return other in ups or any(is_a(up, other) for up in ups)


# ---- value ---------------------------------------------------------------------------------------------------------


def time_percent(row: Value) -> float:
    """By how many per cent the time for the same work changes: 25 % more in an hour is 20 % less time."""
    if not row.percent:
        raise CourseError(
            f"“{row.id}”不是测出来的，没有这个数。", f"“{row.id}” was not measured: there is no such figure."
        )
    change = float(row.percent)
    return change if row.measure == "time" else 100 / (1 + change / 100) - 100


# ---- the ledger's rows of the two sources --------------------------------------------------------------------------


def of_sources(ledger: Iterable[Claim]) -> list[Claim]:
    """The claims that the lecture or the article makes."""
    return [claim for claim in ledger if claim.source.startswith((LECTURE, ARTICLE))]


def part(claim: Claim) -> str:
    """Where a claim of the two sources stands: "1" to "4", the lecture's parts, or "article"."""
    return "article" if claim.source.startswith(ARTICLE) else claim.source.split("part ")[1][0]


def statuses(claims: Iterable[Claim]) -> dict[str, Counter]:
    """part → how many claims of each status."""
    counts: dict[str, Counter] = {at: Counter() for at in ("1", "2", "3", "4", "article")}
    for claim in claims:
        counts[part(claim)][claim.status] += 1
    return counts
