"""Judging an answer by a question's check, wherever the answer lives: in this notebook or in a student's kernel."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aigc_course.i18n import t
from aigc_course.plain import close, plain, short


class Wrong(Exception):
    """The answer is wrong; str() is the hint in the reader's language."""


@dataclass(frozen=True)
class Result:
    """What a check found.

    reason: "right", "wrong" (the check's own hint), "missing", "stub", "kind" (a value where a function is asked, and
    the like), "error" (the student's code raised), "type" (the answer is not of a kind that the check can read).
    hint: what to do about it, "" if passed. example: the last call and what it gave, "" if none was made. raised: the
    error that the student's code raised, if any.
    """

    passed: bool
    reason: str
    hint: str = ""
    example: str = ""
    raised: str = ""


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

    def __init__(self, reason: str, hint: str, raised: str = ""):
        super().__init__(hint)
        self.reason, self.hint, self.raised = reason, hint, raised


class Answer(Protocol):
    """A student's answer wherever it lives: see `answers.Here` for what each method gives."""

    def look(self) -> dict: ...
    def value(self) -> dict: ...
    def call(self, calls: list[list]) -> list[dict]: ...


class _Guard:
    """The student's function as a check sees it: it gets copies, gives plain values, and its errors become hints."""

    def __init__(self, question: Question, answer: Answer):
        self.question, self.answer, self.example = question, answer, ""

    def __call__(self, *args, **kwargs):
        return self.each([(args, kwargs)])[0]

    def each(self, calls: list[tuple]) -> list:
        """The values that several calls give, asked for in one go."""
        replies = self.answer.call([[plain(args), plain(kwargs)] for args, kwargs in calls])
        return [self._value(*call, reply) for call, reply in zip(calls, replies, strict=False)]

    def _value(self, args: tuple, kwargs: dict, reply: dict):
        written = [short(arg) for arg in args] + [f"{key}={short(value)}" for key, value in kwargs.items()]
        call = f"{self.question.answer}({', '.join(written)})"
        if "stub" in reply:
            raise _Stop("stub", _todo(self.question.answer))
        self.example = call
        if "raised" in reply:
            raise _Stop("error", _error_hint(**reply), reply["raised"])
        self.example = f"{call} → {reply['shown']}"
        value = _value(reply)
        if value is None and not self.question.none_ok:
            raise _Stop(
                "type",
                t(
                    f"{self.question.answer} 返回了 None。是不是忘了写 return？",
                    f"{self.question.answer} returned None. Did you forget to write return?",
                ),
            )
        return value


def _value(reply: dict):
    if "odd" in reply:
        raise _Stop("type", t(*reply["odd"]))
    return reply["value"]


def _todo(name: str) -> str:
    return t(
        f"{name} 还没写：把 raise NotImplementedError() 换成你的代码，运行那一格，再来检查。",
        f"{name} is not written yet: replace raise NotImplementedError() by your code, run that cell, check again.",
    )


def _error_hint(raised: str, line: str) -> str:
    """Name the error and, where it is known, the student's line that raised it."""
    return t(
        f"你的代码运行时出错了：{raised}" + (f"，出错的一行是：{line}" if line else ""),
        f"Your code raised an error: {raised}" + (f", at the line: {line}" if line else ""),
    )


def _kind_problem(question: Question, seen: dict) -> str | None:
    name = question.answer
    if question.kind == "function" and not seen["callable"]:
        return t(
            f"{name} 应该是一个函数，现在却是 {seen['type']}。用 def {name}(…): 来定义它。",
            f"{name} should be a function but is of type {seen['type']}. Define it with def {name}(…):",
        )
    if question.kind == "value" and seen["callable"]:
        return t(
            f"{name} 应该是一个值，现在却是一个函数。要的是调用它得到的结果。",
            f"{name} should be a value but is a function. What is asked for is the result of calling it.",
        )
    return None


def expect(condition: bool, hint: str) -> None:
    """Raise `Wrong(hint)` unless `condition` is True."""
    if type(condition) is not bool:
        raise TypeError(f"expect() wants True or False, got {type(condition).__name__}")
    if not condition:
        raise Wrong(hint)


def in_form(function: Callable, cases: list[tuple], fits: Callable, hint: tuple[str, str]) -> list:
    """The answers to all cases; Wrong with `hint` (zh, en) at the first that has not the form that is asked for.

    cases: as for `diagnose`. fits(answer, right answer): whether it has.
    """
    answers = function.each([(given, {}) for given, _, _ in cases])
    for (given, right, _), answer in zip(cases, answers, strict=True):
        if not fits(answer, right):
            function(*given)  # the notebook shows the last call
            expect(False, t(*hint))
    return answers


def diagnose(
    function: Callable, cases: list[tuple], hints: dict[str, tuple], otherwise: str, tolerance: float = 1e-9
) -> None:
    """Nothing if `function` is right on all cases, else Wrong with the hint of the first mistake that explains all its
    answers.

    cases: (arguments, right answer, {mistake: the answers that it may give}). The case called last, which the notebook
    shows, is the shortest of those answered wrongly. hints: mistake → (zh, en). otherwise: the mistake to name where
    none explains the answers. RuntimeError if the cases do not all name the same mistakes.
    """
    # not a LookupError on the way: `judge` would take it for an answer that the check cannot read
    if any(mistakes.keys() != cases[0][2].keys() for _, _, mistakes in cases):
        raise RuntimeError("cases differ in the mistakes that they name")
    calls = [arguments for arguments, _, _ in cases]
    # a student's function is asked all at once: in grading each question is a message to another process
    answers = (
        function.each([(arguments, {}) for arguments in calls])
        if isinstance(function, _Guard)
        else [function(*arguments) for arguments in calls]
    )
    wrong = [case for case, answer in zip(cases, answers, strict=True) if not close(answer, case[1], tolerance)]
    if wrong:
        function(*min(wrong, key=lambda case: len(repr(case[0])))[0])
        for mistake in cases[0][2]:
            explained = (
                any(close(answer, value, tolerance) for value in mistakes[mistake])
                for (_, _, mistakes), answer in zip(cases, answers, strict=True)
            )
            expect(not all(explained), t(*hints[mistake]))
        expect(False, t(*hints[otherwise]))


def judge(asked: Question, answer: Answer, seed: int) -> Result:
    """Check an answer, wherever it lives, to a question on inputs drawn with `seed`."""
    seen = answer.look()
    problem = _kind_problem(asked, seen)
    if problem:
        return Result(False, "kind", problem)
    guard = _Guard(asked, answer) if asked.kind == "function" else None
    shown = ""
    try:
        if guard is None:
            if seen["empty"]:
                raise _Stop("stub", t(f"{asked.answer} 还没有填。", f"{asked.answer} is still to be filled in."))
            reply = answer.value()
            value = _value(reply)
            shown = reply["shown"]
        asked.body(guard or value, random.Random(seed))
    except Wrong as wrong:
        return Result(False, "wrong", str(wrong), guard.example if guard else "")
    except _Stop as stop:
        example = guard.example if guard and stop.reason != "stub" else ""
        return Result(False, stop.reason, stop.hint, example, stop.raised)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        # the check choked on the answer: say so instead of showing the check's own traceback
        hint = t(
            f"答案的形式不对，检查读不懂它（{error}）。请再看看题目要的是什么：数、字符串还是列表？",
            f"The check cannot read the answer ({error}). Look again: is a number, a string or a list asked for?",
        )
        return Result(False, "type", hint, guard.example if guard else shown)
    return Result(True, "right")
