"""The glossary: one Chinese and one English form for each term, and a lint that finds the others."""

import csv
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from aigc_course import course
from aigc_course.errors import CourseError


@dataclass(frozen=True)
class Term:
    """One row. avoid_zh, avoid_en: forms that must not be used, separated by |."""

    term: str
    zh: str
    en: str
    definition_zh: str
    definition_en: str
    avoid_zh: str
    avoid_en: str


COLUMNS = tuple(field.name for field in fields(Term))


def read(path: Path) -> dict[str, Term]:
    """The terms of one CSV file by key; CourseError for wrong columns or a row of the wrong length."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    wrong = next((i for i, row in enumerate(rows, start=1) if len(row) != len(COLUMNS)), None)
    if not rows or tuple(rows[0]) != COLUMNS or wrong:
        raise CourseError(
            f"{path.name} 第 {wrong or 1} 行的列不对，应该是 {','.join(COLUMNS)}（含逗号的句子要加引号）。",
            f"{path.name} row {wrong or 1} does not have the columns {','.join(COLUMNS)}: "
            "put sentences with commas in quotes.",
        )
    return {row[0]: Term(*row) for row in rows[1:]}


@cache
def load() -> dict[str, Term]:
    """The glossary of this installation, by key."""
    return read(course.root() / "datasets" / "glossary.csv")
