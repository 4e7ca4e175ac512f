"""The claim ledger: each number or claim that the course repeats, with its source, date and what became of it."""

import datetime
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from aigc_course import course, tables
from aigc_course.cards import box, inline, show
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang, t
from aigc_course.plot import COLORS

# status -> (zh, en, colour of the card)
STATUSES = {
    "measured here": ("本课测过", "measured here", COLORS["good"]),
    "cited": ("引用，未测", "cited, not measured here", COLORS["model"]),
    "outdated": ("已过时", "outdated", COLORS["chosen"]),
    "corrected": ("已更正", "corrected", COLORS["truth"]),
}


@dataclass(frozen=True)
class Claim:
    """One row. date: of the source (YYYY, YYYY-MM or YYYY-MM-DD); lesson: the slug that measures or corrects it."""

    id: str
    zh: str
    en: str
    source: str
    date: str
    status: str
    lesson: str


COLUMNS = tuple(field.name for field in fields(Claim))


def read(path: Path) -> dict[str, Claim]:
    """The claims of one CSV file by id; CourseError says what is wrong with the file."""
    return {row[0]: Claim(*row) for row in tables.rows(path, COLUMNS)}


@cache
def load() -> dict[str, Claim]:
    """The ledger of this installation, by id."""
    return read(course.root() / "datasets" / "claims.csv")


def problems(path: Path) -> list[str]:
    """What is wrong with a ledger file, one sentence for each fault, in English (for the build and the tests)."""
    ids = [row[0] for row in tables.rows(path, COLUMNS)]
    found = [f"{path.name}: claim {id} stands twice" for id in sorted({id for id in ids if ids.count(id) > 1})]
    slugs = {lesson.slug for lesson in course.load().lessons}
    for claim in read(path).values():
        name = f"{path.name}: claim {claim.id}"
        found += [f"{name}: {column} is empty" for column in COLUMNS if not getattr(claim, column).strip()]
        if claim.status not in STATUSES:
            found.append(f"{name}: status “{claim.status}” is none of {', '.join(STATUSES)}")
        if not _is_date(claim.date):
            found.append(f"{name}: date “{claim.date}” is not YYYY, YYYY-MM or YYYY-MM-DD")
        if claim.lesson not in slugs:
            found.append(f"{name}: there is no lesson “{claim.lesson}”")
    return found


def _is_date(text: str) -> bool:
    for missing in ("", "-01", "-01-01"):
        try:
            datetime.date.fromisoformat(text + missing)
        except ValueError:
            continue
        return len(text) + len(missing) == len("2025-01-01")
    return False


def claim(id: str) -> None:
    """Display claim `id` with source, date and status in the reader's language; CourseError if there is none."""
    ledger = load()
    if id not in ledger:
        raise CourseError(
            f"台账 datasets/claims.csv 里没有“{id}”。", f"There is no claim “{id}” in datasets/claims.csv."
        )
    row = ledger[id]
    zh, en, colour = STATUSES[row.status]
    sentence = row.zh if get_lang() == "zh" else row.en
    origin = t(f"来源：{row.source}，{row.date}", f"Source: {row.source}, {row.date}")
    badge = t(zh, en)
    html = f"{inline(sentence)}<br><small><b>{inline(badge)}</b> · {inline(origin)}</small>"
    show(f"{sentence}\n[{badge}] {origin}", box(html, colour))
