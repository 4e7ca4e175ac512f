"""Every check of every lab against its reference, its stub, right and wrong answers, and mutants of the reference."""

import re
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import matplotlib
import pytest
from mutants import EQUIVALENT, mutants

from aigc_course import course
from aigc_course.book import source
from aigc_course.book.editions import with_solution, without_solution
from aigc_course.checks import PUBLIC_SEED, Result, registry, run_check
from aigc_course.i18n import set_lang

ANSWERS = Path(__file__).parent / "answers"
SEEDS = range(20)
FEW_SEEDS = SEEDS[:4]  # for hundreds of answers; each seed draws many cases
MUTANT_SEED = 1001
LEAST_RIGHT, LEAST_WRONG, KILLED = 2, 5, 0.95
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


def _answer_files(id: str, kind: str) -> list[Path]:
    slug, _, stem = id.partition(".")
    return sorted((ANSWERS / slug).glob(f"{stem}_{kind}_*.py"))


QUESTIONS = _ids()
RIGHT = [(id, path) for id in QUESTIONS for path in _answer_files(id, "right")]
WRONG = [(id, path) for id in QUESTIONS for path in _answer_files(id, "wrong")]


def _question(id: str) -> Asked:
    return asked(id.partition(".")[0])[id]


@lru_cache(maxsize=200)
def run(id: str, code: str) -> dict:
    """The names that there are when `code` has run where the lab's graded cell stands; each code runs once."""
    names = dict(_question(id).before)
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


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_each_lab_has_four_to_six_questions_and_a_check_for_each(lab):
    cells = [cell for cell in source.read(lab.slug, lab.lab_source).cells if cell.lang != "en"]
    checked = {cell.check for cell in cells if cell.check}
    assert 4 <= len(checked) + sum(bool(cell.manual) for cell in cells) <= 6
    assert checked == {id for id in registry() if id.startswith(f"{lab.slug}.")}
    assert all(cell.points > 0 for cell in cells if cell.check or cell.manual)


def test_each_answer_file_belongs_to_a_question():
    files = {path for path in ANSWERS.rglob("*.py")}
    assert files == {path for _, path in RIGHT + WRONG}


@pytest.mark.parametrize("id", QUESTIONS)
def test_the_reference_passes(id):
    failed = [r for r in grade(id, with_solution(_question(id).cell.text), SEEDS) if not r.passed]
    assert not failed, failed[0]


@pytest.mark.parametrize("id", QUESTIONS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_stub_scores_nothing_and_says_so(id, lang):
    set_lang(lang)
    (result,) = grade(id, without_solution(_question(id).cell.text, lang))
    assert not result.passed and result.reason in ("stub", "missing") and result.hint


@pytest.mark.parametrize("id", QUESTIONS)
def test_enough_right_and_wrong_answers(id):
    assert len(_answer_files(id, "right")) >= LEAST_RIGHT
    assert len(_answer_files(id, "wrong")) >= LEAST_WRONG


@pytest.mark.parametrize(("id", "path"), RIGHT, ids=lambda x: x.stem if isinstance(x, Path) else x)
def test_other_right_answers_pass(id, path):
    failed = [r for r in grade(id, path.read_text(encoding="utf-8"), FEW_SEEDS) if not r.passed]
    assert not failed, failed[0]


@DROPPED
@pytest.mark.parametrize(("id", "path"), WRONG, ids=lambda x: x.stem if isinstance(x, Path) else x)
def test_wrong_answers_fail_with_a_hint(id, path):
    code = path.read_text(encoding="utf-8")
    assert code.startswith("# "), "the first line says what the mistake is"
    for lang, chinese, seeds in (("zh", True, FEW_SEEDS), ("en", False, FEW_SEEDS[:1])):
        set_lang(lang)
        with patience(20 * PATIENCE):
            results = grade(id, code, seeds)
        assert not any(result.passed for result in results), "passes with some seeds"
        for result in results:
            assert result.reason != "missing", result.hint
            assert not re.search("检查读不懂|cannot read the answer", result.hint), result.hint
            assert bool(re.search("[一-鿿]", result.hint)) == chinese, f"the {lang} hint: {result.hint}"


@pytest.mark.parametrize("id", QUESTIONS)
def test_different_mistakes_get_different_hints(id):
    hints = [grade(id, path.read_text(encoding="utf-8"))[0].hint for path in _answer_files(id, "wrong")]
    # the same sentence with other numbers is the same hint
    kinds = {re.sub(r"[-\d.]+", "#", hint) for hint in hints}
    assert len(kinds) >= 3, f"{len(hints)} wrong answers, hints: {kinds}"


def _survivors(id: str) -> tuple[int, list[str]]:
    """How many mutants the reference of a question has, and the descriptions of those that its check lets pass."""
    code = _question(id).cell.text
    lines = code.splitlines()
    first = next(i for i, line in enumerate(lines, start=1) if "### BEGIN SOLUTION" in line)
    last = next(i for i, line in enumerate(lines, start=1) if "### END SOLUTION" in line)
    start = time.process_time()
    run.__wrapped__(id, code)
    grade(id, code, (MUTANT_SEED,))
    limit = max(PATIENCE, 5 * (time.process_time() - start))
    made, alive = 0, []
    for description, mutant in mutants(code, first, last):
        if (id, description) in EQUIVALENT:
            continue
        made += 1
        try:
            with patience(limit):
                passed = grade(id, mutant, (MUTANT_SEED,))[0].passed
        except TooSlow:
            passed = False
        if passed:
            alive.append(f"{id}  {description}")
    return made, alive


@DROPPED
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_mutants_of_the_reference_die(lab):
    functions = [id for id in QUESTIONS if id.startswith(f"{lab.slug}.") and registry()[id].kind == "function"]
    results = [_survivors(id) for id in functions]
    made, alive = sum(made for made, _ in results), [one for _, ones in results for one in ones]
    assert made >= 20, f"only {made} mutants: too few to say anything"
    report = "\n".join(alive)
    print(f"{lab.slug}: {made - len(alive)} of {made} mutants die; alive:\n{report}")
    assert len(alive) <= (1 - KILLED) * made, f"{len(alive)} of {made} mutants pass:\n{report}"


def test_excused_mutants_exist():
    known = {
        (id, description)
        for id in {id for id, _ in EQUIVALENT}
        for description, _ in mutants(_question(id).cell.text, 1, len(_question(id).cell.text.splitlines()))
    }
    assert set(EQUIVALENT) <= known, "an excuse for a mutant that is no longer made"
    assert all(reason.strip() for reason in EQUIVALENT.values())
