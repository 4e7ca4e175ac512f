"""Where each term of the glossary is first used: the column `lesson` of datasets/glossary.csv.

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
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS, t

# what a text shows and does not say: code, formulas, addresses
_UNSAID = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\]\([^)\s]*\)", re.DOTALL)


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
        for key, term in glossary.load().items():
            if not found[key] and all(term.stands_in(lang, text) for lang, text in texts.items()):
                found[key] = lesson.slug
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
