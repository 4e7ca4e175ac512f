"""Where each term of the glossary is first used: the column `lesson` of datasets/glossary.csv, and the two forms that a
reader finds there.

python -m aigc_course.book.terms    writes the column anew, as after lessons changed places
"""

import csv
import io
import re
from functools import cache
from pathlib import Path

from aigc_course import course, glossary, landscape
from aigc_course.book import source
from aigc_course.book.lint import labels
from aigc_course.book.source import Source, complaint
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS, t

# what a text shows and does not say: code, formulas, addresses
_UNSAID = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\]\([^)\s]*\)", re.DOTALL)
_HEADING = re.compile(r"^#+ .*$", re.MULTILINE)


@cache
def _longer(key: str, lang: str) -> re.Pattern | None:
    """The other terms that hold this one, as confidence interval holds confidence: there it is not used itself."""
    forms = glossary.load()[key].forms(lang)
    others = {form for term in glossary.load().values() if term.term != key for form in term.forms(lang)}
    hold = [other for other in others if any(f != other and f.lower() in other.lower() for f in forms)]
    hold.sort(key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, hold)), re.IGNORECASE) if hold else None


def uses(key: str, lang: str, text: str) -> bool:
    """Whether a text uses a term by itself, not only within the name of another one."""
    longer = _longer(key, lang)
    return glossary.load()[key].stands_in(lang, longer.sub(" ", text) if longer else text)


@cache
def said(lesson: course.Lesson, lang: str) -> str:
    """What a lesson says in one language: its prose, and the words in its code."""
    cells = [cell for cell in source.read(lesson.slug, lesson.source).cells if cell.lang in (None, lang)]
    words = [_UNSAID.sub(" ", cell.text) if cell.kind == "markdown" else labels(lang, cell.text) for cell in cells]
    if lesson.slug == "landscape":  # its map shows each of these with its definition
        words += [getattr(glossary.load()[key], lang) for key in landscape.terms()]
    return "\n".join(words)


def first_uses() -> dict[str, str]:
    """The slug of the first lesson that uses each term, by the term's key; "" for a term that none uses.

    A lesson uses a term where its Chinese text has the Chinese form and its English text the English one: one alone may
    be an everyday word, as “key” in the key of a keyboard.
    """
    found = dict.fromkeys(glossary.load(), "")
    for lesson in course.load().lessons:
        texts = {lang: said(lesson, lang) for lang in LANGS}
        for key in found:
            if not found[key] and all(uses(key, lang, text) for lang, text in texts.items()):
                found[key] = lesson.slug
    return found


def unpaired(lesson: course.Lesson, written: Source) -> list[str]:
    """The terms that this lesson is the first to use and whose first cell lacks their other form, a sentence each.

    A heading needs none, its text does; nor does what the map of words in `landscape` shows with both forms.
    """
    found = []
    shown = landscape.terms() if lesson.slug == "landscape" else ()
    prose = [
        (cell, _HEADING.sub(" ", _UNSAID.sub(" ", cell.text))) for cell in written.cells if cell.kind == "markdown"
    ]
    for key, term in glossary.load().items():
        if term.lesson != lesson.slug or key in shown or term.zh == term.en:
            continue
        for lang, other in (("zh", "en"), ("en", "zh")):
            own = ((cell, text) for cell, text in prose if cell.lang in (None, lang) and uses(key, lang, text))
            cell, text = next(own, (None, ""))
            if cell and not term.stands_in(other, text):
                pair = f"“{term.zh}（{term.en}）”" if lang == "zh" else f"“{term.en} ({term.zh})”"
                found.append(
                    complaint(
                        written.where,
                        cell.name,
                        f"术语“{getattr(term, lang)}”在这里第一次出现，请两种形式都写：{pair}。",
                        f"“{getattr(term, lang)}” is first used here: give both forms, {pair}.",
                    )
                )
    return found


def problems() -> list[str]:
    """The terms whose lesson in the glossary is not where they are first used, a sentence each with the right one."""
    found, right = [], first_uses()
    for key, term in glossary.load().items():
        if term.lesson != right[key]:
            zh = f"最早用在 {right[key]}" if right[key] else "没有一课用到"
            en = f"first used in {right[key]}" if right[key] else "used in no lesson"
            command = "python -m aigc_course.book.terms"
            found.append(
                t(
                    f"glossary.csv：“{key}”{zh}，lesson 一列写的却是“{term.lesson}”。请运行 {command}。",
                    f"glossary.csv: “{key}” is {en}, but its column lesson says “{term.lesson}”. Run {command}.",
                )
            )
    return found


def rewrite(path: Path) -> None:
    """Put the right lesson into each row of a glossary; everything else stays as it is."""
    right, made = first_uses(), io.StringIO()
    writer = csv.DictWriter(made, glossary.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(vars(term) | {"lesson": right[key]} for key, term in glossary.read(path).items())
    write_whole(path, made.getvalue())


if __name__ == "__main__":
    rewrite(course.root() / "datasets" / "glossary.csv")
