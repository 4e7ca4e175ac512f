"""One source, several notebooks: the Chinese and English editions, the student and the solved lab."""

import re

import nbformat
from nbformat import NotebookNode

from aigc_course.book.source import Cell, Source
from aigc_course.errors import CourseError

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION\n(?P<body>.*?)^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S
)
_LANG_LINE = re.compile(r'^lang = "(?:zh|en)"$', re.M)
_STUB_CODE = {"zh": "# 在这里写你的代码", "en": "# YOUR CODE HERE"}
_STUB_PROSE = {"zh": "（在这里写你的答案）", "en": "(Write your answer here.)"}


def without_solution(text: str, lang: str, prose: bool = False) -> str:
    """The text with each solution replaced by a stub in the reader's language."""

    def stub(match: re.Match) -> str:
        if prose:
            return _STUB_PROSE[lang]
        return f"{match['indent']}{_STUB_CODE[lang]}\n{match['indent']}raise NotImplementedError()"

    return _SOLUTION.sub(stub, text)


def with_solution(text: str) -> str:
    """The text with its solutions, without their marks."""
    return _SOLUTION.sub(lambda match: match["body"].rstrip("\n"), text)


def grade_id(check: str) -> str:
    """The nbgrader id of a question: tokens.q1 → tokens-q1."""
    return check.replace(".", "-")


def _nbgrader(grade_id: str, *, solution: bool = False, grade: bool = False, points: int | None = None) -> dict:
    """Metadata of nbgrader's schema 3; text and tests are locked, what the student writes is not."""
    data = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return {"nbgrader": data | ({"points": points} if grade else {})}


def _notebook(cells: list[NotebookNode], source: Source, lang: str) -> NotebookNode:
    metadata = {
        "aigc": {"slug": source.slug, "lang": lang},
        "kernelspec": KERNELSPEC,
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _chosen(source: Source, lang: str) -> list[Cell]:
    return [cell for cell in source.cells if cell.kind == "code" or cell.lang == lang]


def _new(cell: Cell, slug: str, text: str, metadata: dict) -> NotebookNode:
    metadata = ({"tags": list(cell.tags)} if cell.tags else {}) | metadata
    make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
    return make(source=text, metadata=metadata, id=f"{slug}-{cell.name}"[:64])


def _in_language(cell: Cell, lang: str) -> str:
    return _LANG_LINE.sub(f'lang = "{lang}"', cell.text) if "parameters" in cell.tags else cell.text


def lesson_edition(source: Source, lang: str) -> NotebookNode:
    """The lesson's notebook in one language, not yet executed."""
    cells = [_new(cell, source.slug, _in_language(cell, lang), {}) for cell in _chosen(source, lang)]
    return _notebook(cells, source, lang)


def lab_edition(source: Source, lang: str, solved: bool = False) -> NotebookNode:
    """The lab's notebook in one language with nbgrader's metadata; `solved` keeps the solutions."""
    cells = []
    for cell in _chosen(source, lang):
        text = _in_language(cell, lang)
        if (cell.check or cell.manual) and not _SOLUTION.search(text):
            raise CourseError(
                f"{source.where} 的格 {cell.name} 要评分，却没有 ### BEGIN SOLUTION … ### END SOLUTION。",
                f"Cell {cell.name} of {source.where} is graded but has no ### BEGIN SOLUTION … ### END SOLUTION.",
            )
        text = with_solution(text) if solved else without_solution(text, lang, prose=cell.kind == "markdown")
        if cell.check:
            cells.append(_new(cell, source.slug, text, _nbgrader(grade_id(cell.check), solution=True)))
            test_id = grade_id(cell.check) + "-check"
            metadata = _nbgrader(test_id, grade=True, points=cell.points)
            cells.append(nbformat.v4.new_code_cell(f'check("{cell.check}")', metadata=metadata, id=test_id))
        elif cell.manual:
            metadata = _nbgrader(grade_id(cell.manual), solution=True, grade=True, points=cell.points)
            cells.append(_new(cell, source.slug, text, metadata))
        elif cell.kind == "markdown":
            # a question's text and its answer often share a name; nbgrader refuses an id that stands twice
            cells.append(_new(cell, source.slug, text, _nbgrader(f"{source.slug}-{cell.name}-text")))
        else:
            cells.append(_new(cell, source.slug, text, {}))
    return _notebook(cells, source, lang)
