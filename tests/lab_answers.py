"""What the tests of the labs' checks share: the questions as a student meets them, the answers on file, grading."""

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import matplotlib
import pytest

from aigc_course import course
from aigc_course.book import source
from aigc_course.book.editions import with_solution
from aigc_course.checks import PUBLIC_SEED, Result, registry, run_check

ANSWERS = Path(__file__).parent / "answers"
SEEDS = range(10)
FEW_SEEDS = SEEDS[:4]  # for hundreds of answers; each seed draws many cases
# CPU seconds that an answer may take, or five times what the reference takes, if that is more
PATIENCE = 0.5

LABS = [lesson for lesson in course.load().lessons if "lab" in lesson.parts]


@dataclass(frozen=True)
class Asked:
    """A graded cell of a lab: its check's id, its source with the marks, and the names defined before it."""

    id: str
    cell: source.Cell
    before: dict

    @property
    def stem(self) -> str:
        return self.id.partition(".")[2]


@cache
def asked(slug: str) -> dict[str, Asked]:
    """The graded code cells of a lab by check id, each with what a student who got everything right has run so far."""
    lab = course.lesson(slug)
    matplotlib.use("agg")
    names: dict = {"__name__": "__main__"}
    found = {}
    cells = [cell for cell in source.read(slug, lab.lab_source).cells if cell.kind == "code"]
    last = max(i for i, cell in enumerate(cells) if cell.check)
    for cell in cells[: last + 1]:
        if cell.check:
            found[cell.check] = Asked(cell.check, cell, dict(names))
        exec(compile(with_solution(cell.text), f"{slug}:{cell.name}", "exec"), names)
    return found


def _ids() -> list[str]:
    """The ids of the graded questions, read without running anything."""
    sources = [source.read(lab.slug, lab.lab_source) for lab in LABS if lab.lab_source.exists()]
    return [cell.check for one in sources for cell in one.cells if cell.check]


def answer_files(id: str, kind: str) -> list[Path]:
    slug, _, stem = id.partition(".")
    return sorted((ANSWERS / slug).glob(f"{stem}_{kind}_*.py"))


QUESTIONS = _ids()
RIGHT = [(id, path) for id in QUESTIONS for path in answer_files(id, "right")]
WRONG = [(id, path) for id in QUESTIONS for path in answer_files(id, "wrong")]


def question(id: str) -> Asked:
    return asked(id.partition(".")[0])[id]


@lru_cache(maxsize=200)
def run(id: str, code: str) -> dict:
    """The names that there are when `code` has run where the lab's graded cell stands; each code runs once."""
    names = dict(question(id).before)
    exec(compile(code, id, "exec"), names)
    return names


def grade(id: str, code: str, seeds=(PUBLIC_SEED,)) -> list[Result]:
    """Check what `code` defines where the lab's graded cell stands, once for each seed."""
    try:
        answer = run(id, code)[registry()[id].answer]
    except Exception as error:
        return [Result(False, "missing", f"{type(error).__name__}: {error}")] * len(seeds)
    return [run_check(id, answer, seed) for seed in seeds]


class TooSlow(BaseException):
    """Not an Exception, so that a mutant's own `except` does not swallow it."""


DROPPED = pytest.mark.filterwarnings(r"ignore:[\s\S]*TooSlow:pytest.PytestUnraisableExceptionWarning")


@contextmanager
def patience(seconds: float):
    """TooSlow after so many seconds of CPU time; pytest-timeout has the other clock."""

    def stop(*_):
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.5)  # again: Python drops what is raised in a destructor
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
