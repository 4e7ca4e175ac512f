"""What grading knows of a lab: its questions with their points, its cells in both languages, and a hash of it all."""

import ast
import hashlib
import inspect
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from aigc_course import answers, checks, course, judge, plain
from aigc_course.book import editions, source
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS


@dataclass(frozen=True)
class Asked:
    """One question. grade_id: of nbgrader's graded cell; answer_id: of the cell that holds the answer."""

    id: str
    points: int
    manual: bool
    grade_id: str
    answer_id: str


@dataclass(frozen=True)
class Cell:
    """A cell with an nbgrader id, as released. sources: its text by language."""

    grade_id: str
    kind: str  # "markdown" or "code"
    locked: bool
    id: str
    sources: dict[str, str]


@dataclass(frozen=True)
class Lab:
    slug: str
    questions: tuple[Asked, ...]
    cells: dict[str, Cell]  # by grade_id
    hash: str

    @property
    def max_score(self) -> int:
        return sum(asked.points for asked in self.questions)


def released(slug: str, lang: str) -> NotebookNode:
    """The student version of a lab in one language; CourseError where there is no such lab."""
    lesson = course.lesson(slug)
    if "lab" not in lesson.parts:
        labs = [one.slug for one in course.load().lessons if "lab" in one.parts]
        raise CourseError(
            f"“{slug}”这一课没有练习。有练习的课：{'、'.join(labs)}。",
            f"Lesson “{slug}” has no lab. Labs: {', '.join(labs)}.",
        )
    return editions.lab_edition(source.read(slug, lesson.lab_source), lang)


@cache
def load(slug: str) -> Lab:
    """The lab of lesson `slug`; CourseError where there is none."""
    notebooks = {lang: released(slug, lang) for lang in LANGS}
    cells: dict[str, Cell] = {}
    for lang, notebook in notebooks.items():
        for raw in notebook.cells:
            marks = raw.metadata.get("nbgrader")
            if not marks:
                continue
            name = marks["grade_id"]
            new = Cell(name, raw.cell_type, marks["locked"], raw.id, {})
            cells.setdefault(name, new).sources[lang] = raw.source
    text = source.read(slug, course.lesson(slug).lab_source)
    questions = []
    for cell in text.cells:
        if cell.lang == LANGS[1]:
            continue
        if cell.check:
            name = editions.grade_id(cell.check)
            questions.append(Asked(cell.check, cell.points, False, f"{name}-check", name))
        elif cell.manual:
            name = editions.grade_id(cell.manual)
            questions.append(Asked(cell.manual, cell.points, True, name, name))
    return Lab(slug, tuple(questions), cells, _hash(slug, notebooks))


def _hash(slug: str, notebooks: dict[str, NotebookNode]) -> str:
    """Changes with anything that can change the points of a submission."""
    from aigc_course.grading import checker, session, work
    from aigc_course.grading import notebooks as reading

    checks.find(f"{slug}.q1")
    modules = [
        sys.modules[f"aigc_course.checks.{slug}"],
        checks,
        judge,
        answers,
        plain,
        checker,
        reading,
        session,
        work,
    ]
    texts = [nbformat.writes(notebook) for notebook in notebooks.values()]
    texts += [Path(inspect.getfile(module)).read_text(encoding="utf-8") for module in modules]
    lesson = Path(course.__file__).with_name(f"{slug}.py")  # what the check may use as its oracle
    texts += [lesson.read_text(encoding="utf-8")] if lesson.exists() else []
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def rehearsal(slug: str) -> str:
    """What every kernel of this lab does first: the release's imports, and its setup."""
    code = "\n".join(cell.source for cell in released(slug, LANGS[0]).cells if cell.cell_type == "code")
    wanted = [
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.Import | ast.ImportFrom) or "lesson.begin" in ast.unparse(node)
    ]
    return "\n".join(["import aigc_course.answers", f"lang, tier = {LANGS[0]!r}, 'cpu'", *map(ast.unparse, wanted)])


@cache
def fixed_sentences(slug: str) -> frozenset[str]:
    """Every string that stands as it is in the lab's check: a hint among these cannot hold a hidden input."""
    module = sys.modules[f"aigc_course.checks.{slug}"]
    tree = ast.parse(inspect.getsource(module))
    return frozenset(
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str
    )
