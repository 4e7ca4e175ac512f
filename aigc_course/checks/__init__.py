"""Checks: written once, run in the notebook with a public seed and in grading with a secret one.

A check gets the student's answer (a function or a value) and a random generator, and raises `Wrong(hint)` at the first
mistake. What a student's function returns is turned into plain JSON-able values by exact type before the check sees it.
"""

import difflib
import importlib
import os
import pkgutil
import sys
from typing import Any

from aigc_course.answers import Here
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.judge import Question, Result, Wrong, diagnose, expect, in_form, judge
from aigc_course.plain import close

__all__ = [
    "PUBLIC_SEED",
    "Question",
    "Result",
    "Wrong",
    "check",
    "close",
    "diagnose",
    "expect",
    "find",
    "in_form",
    "judge",
    "question",
    "registry",
    "run_check",
]

PUBLIC_SEED = 0


_questions: dict[str, Question] = {}


def question(id: str, answer: str, kind: str, none_ok: bool = False):
    """Decorator: register `body(answer, rng)` as the check of question `id` ("slug.q1").

    none_ok: whether None is a legitimate result of the student's function (else it earns "did you forget return?").
    """
    if kind not in ("function", "value"):
        raise ValueError(f"{id}: kind is {kind!r}, must be 'function' or 'value'")

    def register(body):
        if id in _questions and _questions[id].body.__code__.co_filename != body.__code__.co_filename:
            raise ValueError(f"{id} is defined twice")
        _questions[id] = Question(id, answer, kind, body, none_ok)
        return body

    return register


def registry() -> dict[str, Question]:
    """Every question of every lab, by id, in order of id."""
    for slug in _slugs():
        importlib.import_module(f"{__name__}.{slug}")
    return dict(sorted(_questions.items()))


def _slugs() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]


def find(id: str) -> Question:
    """The question with this id; CourseError with the nearest one where there is none."""
    slug = id.partition(".")[0]
    if slug in _slugs():
        importlib.import_module(f"{__name__}.{slug}")  # this lab's checks only: another lab's may need a slow library
    if id in _questions:
        return _questions[id]
    known = registry()
    near = difflib.get_close_matches(id, known, n=1)
    raise CourseError(
        f"没有编号为“{id}”的题。" + (f"是不是“{near[0]}”？" if near else "请照抄题目里的编号。"),
        f"There is no question “{id}”. " + (f"Did you mean “{near[0]}”?" if near else "Copy the id from the question."),
    )


def run_check(id: str, answer: Any, seed: int) -> Result:
    """Check `answer` (a function or a value) to question `id` on inputs drawn with `seed`.

    Pure: no printing, no saving. A function that never ends is the caller's to stop. CourseError for an unknown id.
    """
    return judge(find(id), Here(answer), seed)


def _namespace(depth: int) -> dict[str, Any]:
    """The notebook user's names, or those of the module that called `check`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell else sys._getframe(depth).f_globals


def check(id: str) -> None:
    """Check the answer that the notebook's user has defined, print ✓ or ✗ with a hint, and save which it was.

    Under nbgrader, which counts every cell that raises nothing as right, a wrong answer also raises Wrong.
    """
    from aigc_course import progress  # the grader imports this module and must not touch anyone's progress

    asked = find(id)
    names = _namespace(depth=2)
    if asked.answer in names:
        result = run_check(id, names[asked.answer], PUBLIC_SEED)
    else:
        hint = t(
            f"还没有 {asked.answer}。先写好并运行上面的格子，再运行这一格。",
            f"There is no {asked.answer} yet. Write and run the cell above, then run this one.",
        )
        result = Result(False, "missing", hint)
    if result.passed:
        print(t(f"✓ {id} 通过", f"✓ {id} passed"))
    else:
        print(t(f"✗ {id}：{result.hint}", f"✗ {id}: {result.hint}"))
        if result.example:
            print(t("  试的是：", "  tried: ") + result.example)
    progress.save_check(id, result.passed)
    if not result.passed and "NBGRADER_EXECUTION" in os.environ:
        raise Wrong(result.hint)
