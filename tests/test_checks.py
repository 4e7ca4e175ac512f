"""Every check of every lab against its reference, its stub and mutants of the reference; its hints.

The answers on file are tried in test_checks_answers.py: two files, so that two processes share the work.
"""

import re
import time

import pytest
from lab_answers import (
    ANSWERS,
    DROPPED,
    LABS,
    PATIENCE,
    QUESTIONS,
    RIGHT,
    SEEDS,
    WRONG,
    TooSlow,
    answer_files,
    grade,
    patience,
    question,
    run,
)
from mutants import EQUIVALENT, mutants

from aigc_course.book import source
from aigc_course.book.editions import with_solution, without_solution
from aigc_course.checks import registry
from aigc_course.i18n import set_lang

MUTANT_SEED = 1001
LEAST_RIGHT, LEAST_WRONG, KILLED = 2, 5, 0.95


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_each_lab_has_four_to_six_questions_and_a_check_for_each(lab):
    cells = [cell for cell in source.read(lab.slug, lab.lab_source).cells if cell.lang != "en"]
    checked = {cell.check for cell in cells if cell.check}
    assert 4 <= len(checked) + sum(bool(cell.manual) for cell in cells) <= 6
    assert checked == {id for id in registry() if id.startswith(f"{lab.slug}.")}
    assert all(cell.points > 0 for cell in cells if cell.check or cell.manual)


def test_each_answer_file_belongs_to_aquestion():
    files = {path for path in ANSWERS.rglob("*.py")}
    assert files == {path for _, path in RIGHT + WRONG}


@pytest.mark.parametrize("id", QUESTIONS)
def test_the_reference_passes(id):
    failed = [r for r in grade(id, with_solution(question(id).cell.text), SEEDS) if not r.passed]
    assert not failed, failed[0]


@pytest.mark.parametrize("id", QUESTIONS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_stub_scores_nothing_and_says_so(id, lang):
    set_lang(lang)
    (result,) = grade(id, without_solution(question(id).cell.text, lang))
    assert not result.passed and result.reason in ("stub", "missing") and result.hint


@pytest.mark.parametrize("id", QUESTIONS)
def test_enough_right_and_wrong_answers(id):
    assert len(answer_files(id, "right")) >= LEAST_RIGHT
    assert len(answer_files(id, "wrong")) >= LEAST_WRONG


@pytest.mark.parametrize("id", QUESTIONS)
def test_different_mistakes_get_different_hints(id):
    hints = [grade(id, path.read_text(encoding="utf-8"))[0].hint for path in answer_files(id, "wrong")]
    # the same sentence with other numbers is the same hint
    kinds = {re.sub(r"[-\d.]+", "#", hint) for hint in hints}
    assert len(kinds) >= 3, f"{len(hints)} wrong answers, hints: {kinds}"


def _survivors(id: str) -> tuple[int, list[str]]:
    """How many mutants the reference of a question has, and the descriptions of those that its check lets pass."""
    code = question(id).cell.text
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
        for description, _ in mutants(question(id).cell.text, 1, len(question(id).cell.text.splitlines()))
    }
    assert set(EQUIVALENT) <= known, "an excuse for a mutant that is no longer made"
    assert all(reason.strip() for reason in EQUIVALENT.values())
