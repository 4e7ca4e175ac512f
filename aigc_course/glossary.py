"""The glossary: one Chinese and one English form for each term, and a lint that finds the others."""

import difflib
import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from aigc_course import course, tables
from aigc_course.cards import box, inline, show
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang, t
from aigc_course.plot import COLORS


@dataclass(frozen=True)
class Term:
    """One row. avoid_zh, avoid_en: forms that must not be used, separated by |. lesson: the slug of the lesson that
    uses the term first, empty where none does; book/terms.py fills it in.
    """

    term: str
    zh: str
    en: str
    definition_zh: str
    definition_en: str
    avoid_zh: str
    avoid_en: str
    lesson: str

    def forms(self, lang: str) -> list[str]:
        """What it may be called in `lang`: of 混合专家（MoE） also each half alone."""
        whole = self.zh if lang == "zh" else self.en
        pair = re.fullmatch(r"(.+?) ?[（(](.+)[）)]", whole)
        # a single character such as 键 stands in too many words
        return [whole, *(half for half in pair.groups() if len(half) > 1)] if pair else [whole]

    def stands_in(self, lang: str, text: str) -> bool:
        """Whether a text in `lang` uses the term, be it a part of a longer one: 混合专家（MoE）, 混合专家 or MoE."""
        return any(_pattern(form, plural=True).search(text) for form in self.forms(lang))


COLUMNS = tuple(field.name for field in fields(Term))


def read(path: Path) -> dict[str, Term]:
    """The terms of one CSV file by key; CourseError says what is wrong with the file."""
    return {row[0]: Term(*row) for row in tables.rows(path, COLUMNS)}


@cache
def load() -> dict[str, Term]:
    """The glossary of this installation, by key."""
    return read(course.root() / "datasets" / "glossary.csv")


@cache
def _avoided(lang: str) -> tuple[tuple[re.Pattern, Term], ...]:
    """What to look for in a text of one language, longest first, with the term that should stand there."""
    pairs = [(form, term) for term in load().values() for form in getattr(term, f"avoid_{lang}").split("|") if form]
    pairs.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    return tuple((_pattern(form), term) for form, term in pairs)


@cache
def _pattern(form: str, plural: bool = False) -> re.Pattern:
    """The form as a whole word where it begins or ends with a Latin letter; Chinese has no word boundaries."""
    before = r"(?<![A-Za-z])" if form[0].isascii() else ""
    after = ("(?:s|es)?" if plural else "") + r"(?![A-Za-z])" if form[-1].isascii() else ""
    return re.compile(before + re.escape(form).replace(r"\ ", r"\s+") + after, re.IGNORECASE)


# code, addresses, and a form alone in quotation marks: there it is mentioned, not used
_NOT_PROSE = re.compile(r"```.*?```|`[^`\n]*`|https?://\S+|\]\([^)\s]*\)", re.DOTALL)
_QUOTES = (("“", "”"), ("「", "」"), ("‘", "’"))


def lint(lang: str, text: str) -> list[str]:
    """Complaints about one text in `lang` ("zh" or "en"): each avoided form once, with its line and the right form."""
    # blanks keep the line numbers
    prose = _NOT_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    found, seen = [], []
    for pattern, term in _avoided(lang):
        for match in pattern.finditer(prose):
            start, end = match.span()
            if (prose[start - 1 : start], prose[end : end + 1]) in _QUOTES:
                continue
            if any(first <= start and end <= last for first, last in seen):
                continue  # part of a longer form that has been reported
            seen.append((start, end))
            line = prose.count("\n", 0, start) + 1
            written = " ".join(match[0].split())
            right = term.zh if lang == "zh" else term.en
            found.append(
                (
                    line,
                    t(
                        f"第 {line} 行：“{written}”应写作“{right}”。",
                        f"line {line}: “{written}” should be “{right}”.",
                    ),
                )
            )
    return [sentence for _, sentence in sorted(found)]


def problems(texts: list[tuple[str, str, str]]) -> list[str]:
    """Complaints about several texts, each (where, language, text); `where` goes in front of each complaint."""
    return [f"{where}, {sentence}" for where, lang, text in texts for sentence in lint(lang, text)]


def both(entry: Term) -> str:
    """Both forms, the reader's first: 温度 · temperature."""
    if entry.zh == entry.en:
        return entry.zh
    if entry.zh.startswith(entry.en):  # “token（词元）” holds both already
        return t(entry.zh, entry.zh.replace("（", " (").replace("）", ")"))
    return t(f"{entry.zh} · {entry.en}", f"{entry.en} · {entry.zh}")


def term(key: str) -> None:
    """Display one term in both languages with its definition in the reader's; CourseError if the glossary lacks it."""
    if key not in load():
        near = difflib.get_close_matches(key, load(), n=1)
        raise CourseError(
            f"术语表里没有“{key}”。" + (f"是不是“{near[0]}”？" if near else ""),
            f"The glossary has no “{key}”." + (f" Did you mean “{near[0]}”?" if near else ""),
        )
    entry = load()[key]
    head = both(entry)
    definition = entry.definition_zh if get_lang() == "zh" else entry.definition_en
    show(
        t(f"{head}：{definition}", f"{head}: {definition}"),
        box(f"<b>{inline(head)}</b><br>{inline(definition)}", COLORS["model"]),
    )
