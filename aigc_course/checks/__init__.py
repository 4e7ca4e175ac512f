"""Checks: written once, run in the notebook with a public seed and in grading with a secret one.

A check gets the student's answer (a function or a value) and a random generator, and raises `Wrong(hint)` at the first
mistake. What a student's function returns is turned into plain JSON-able values by exact type before the check sees it.
"""

import copy
import difflib
import importlib
import linecache
import os
import pkgutil
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.plain import NotPlain, close, plain, short

__all__ = [
    "PUBLIC_SEED",
    "Question",
    "Result",
    "Wrong",
    "check",
    "close",
    "expect",
    "question",
    "registry",
    "run_check",
]

PUBLIC_SEED = 0


class Wrong(Exception):
    """The answer is wrong; str() is the hint in the reader's language."""


@dataclass(frozen=True)
class Result:
    """What a check found.

    reason: "right", "wrong" (the check's own hint), "missing", "stub", "kind" (a value where a function is asked, and
    the like), "error" (the student's code raised), "type" (the answer is not of a kind that the check can read).
    hint: what to do about it, "" if passed. example: the last call and what it gave, "" if none was made.
    """

    passed: bool
    reason: str
    hint: str = ""
    example: str = ""


@dataclass(frozen=True)
class Question:
    """One graded question. `answer` is the name that the student defines; `kind` is "function" or "value"."""

    id: str
    answer: str
    kind: str
    body: Callable[[Any, random.Random], None]
    none_ok: bool = False


class _Stop(Exception):
    """Ends a check early with a reason of the framework's own."""

    def __init__(self, reason: str, hint: str):
        super().__init__(hint)
        self.reason, self.hint = reason, hint


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


def expect(condition: bool, hint: str) -> None:
    """Raise `Wrong(hint)` unless `condition` is True."""
    if type(condition) is not bool:
        raise TypeError(f"expect() wants True or False, got {type(condition).__name__}")
    if not condition:
        raise Wrong(hint)


class _Guard:
    """The student's function as a check sees it: it gets copies, gives plain values, and its errors become hints."""

    def __init__(self, question: Question, function: Callable):
        self.question, self.function, self.example = question, function, ""

    def __call__(self, *args, **kwargs):
        written = [short(arg) for arg in args] + [f"{key}={short(value)}" for key, value in kwargs.items()]
        call = f"{self.question.answer}({', '.join(written)})"
        self.example = call
        try:
            value = self.function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        except NotImplementedError:
            raise _Stop("stub", _todo(self.question.answer)) from None
        except (Exception, SystemExit) as error:
            raise _Stop("error", _error_hint(self.function, error)) from None
        self.example = f"{call} → {short(value)}"
        if value is None and not self.question.none_ok:
            raise _Stop(
                "type",
                t(
                    f"{self.question.answer} 返回了 None。是不是忘了写 return？",
                    f"{self.question.answer} returned None. Did you forget to write return?",
                ),
            )
        try:
            return plain(value)
        except NotPlain as error:
            raise _Stop("type", str(error)) from None


def _todo(name: str) -> str:
    return t(
        f"{name} 还没写：把 raise NotImplementedError() 换成你的代码，运行那一格，再来检查。",
        f"{name} is not written yet: replace raise NotImplementedError() by your code, run that cell, check again.",
    )


def _error_hint(function: Callable, error: BaseException) -> str:
    """Name the error and, where it can be found, the student's line that raised it."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    home = getattr(getattr(function, "__code__", None), "co_filename", None)
    line, frame = "", error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == home:
            line = linecache.getline(home, frame.tb_lineno).strip()
        frame = frame.tb_next
    return t(
        f"你的代码运行时出错了：{what}" + (f"，出错的一行是：{line}" if line else ""),
        f"Your code raised an error: {what}" + (f", at the line: {line}" if line else ""),
    )


def _kind_problem(question: Question, answer: Any) -> str | None:
    name = question.answer
    if question.kind == "function" and not callable(answer):
        return t(
            f"{name} 应该是一个函数，现在却是 {type(answer).__name__}。用 def {name}(…): 来定义它。",
            f"{name} should be a function but is of type {type(answer).__name__}. Define it with def {name}(…):",
        )
    if question.kind == "value" and callable(answer):
        return t(
            f"{name} 应该是一个值，现在却是一个函数。要的是调用它得到的结果。",
            f"{name} should be a value but is a function. What is asked for is the result of calling it.",
        )
    return None


def registry() -> dict[str, Question]:
    """Every question of every lab, by id, in order of id."""
    for slug in _slugs():
        importlib.import_module(f"{__name__}.{slug}")
    return dict(sorted(_questions.items()))


def _slugs() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]


def _find(id: str) -> Question:
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
    asked = _find(id)
    problem = _kind_problem(asked, answer)
    if problem:
        return Result(False, "kind", problem)
    guard = _Guard(asked, answer) if asked.kind == "function" else None
    try:
        if guard is None and (answer is None or answer is ...):
            raise _Stop("stub", t(f"{asked.answer} 还没有填。", f"{asked.answer} is still to be filled in."))
        asked.body(guard or plain(answer), random.Random(seed))
    except Wrong as wrong:
        return Result(False, "wrong", str(wrong), guard.example if guard else "")
    except _Stop as stop:
        return Result(False, stop.reason, stop.hint, guard.example if guard and stop.reason != "stub" else "")
    except NotPlain as error:
        return Result(False, "type", str(error))
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        # the check choked on the answer: say so instead of showing the check's own traceback
        hint = t(
            f"答案的形式不对，检查读不懂它（{error}）。请再看看题目要的是什么：数、字符串还是列表？",
            f"The check cannot read the answer ({error}). Look again: is a number, a string or a list asked for?",
        )
        return Result(False, "type", hint, guard.example if guard else short(answer))
    return Result(True, "right")


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

    asked = _find(id)
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
