"""Judging an answer that lives in a student's kernel. The check runs here; only JSON goes there and comes back.

Whatever the kernel says may be forged, so nothing here depends on it but the values to be judged: inputs are drawn here
with a seed that the kernel never sees, and right answers stay here.
"""

import builtins
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from aigc_course import checks
from aigc_course.answers import TEXT_LIMIT
from aigc_course.grading.kernels.sandbox import Dead, Malformed, Raised, Reply, TimedOut, TooMuchOutput
from aigc_course.grading.lab import fixed_sentences
from aigc_course.grading.limits import Limits
from aigc_course.i18n import t
from aigc_course.plain import NotPlain, plain

ASK = "_aigc_ask"
FAILURES = {Dead: "dead", TimedOut: "time", TooMuchOutput: "output", Malformed: "malformed"}


class Kernel(Protocol):
    """What grading needs of a kernel; `kernels.sandbox.SandboxedKernel` is one."""

    def execute(self, code: str, timeout: float, interrupt: bool = False) -> Reply: ...
    def call(self, name: str, args_json: str, timeout: float, interrupt: bool = False) -> str: ...


@dataclass(frozen=True)
class Verdict:
    """What became of a question. reason: as in `judge.Result`, or "dead", "time", "output", "malformed" (the kernel
    gave no answer that can be judged), "grader" (the check itself failed: an instructor must look).
    """

    passed: bool
    reason: str
    hint: str = ""
    example: str = ""


class NoAnswer(Exception):
    """No answer that can be judged. reason: one of FAILURES' or "missing". lost: the kernel is of no more use."""

    def __init__(self, reason: str, lost: bool = False):
        super().__init__(reason)
        self.reason, self.lost = reason, lost


@contextmanager
def failures_named() -> Iterator[None]:
    """Turns what a kernel raises into NoAnswer."""
    try:
        yield
    except tuple(FAILURES) as error:
        lost = not (isinstance(error, TimedOut) and error.alive)  # an interrupt may have brought it back
        raise NoAnswer(FAILURES[type(error)], lost) from None


class Clock:
    """The time that a submission has left."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """For time that was not the submission's own, as that for starting a kernel."""
        self.end += seconds

    def over(self) -> bool:
        return time.monotonic() >= self.end

    def at_most(self, seconds: float) -> float:
        """`seconds`, or what is left if that is less; NoAnswer where nothing is."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise NoAnswer("time")
        return min(seconds, left)


class There:
    """A student's answer in a kernel: what `answers.Here` is for one in this process."""

    def __init__(self, kernel: Kernel, name: str, limits: Limits, clock: Clock):
        self.kernel, self.name, self.limits, self.clock = kernel, name, limits, clock

    def look(self) -> dict:
        seen = self._ask("look", [])
        if seen is None:
            raise NoAnswer("missing")
        _must(type(seen) is dict and seen.keys() == {"callable", "empty", "type"})
        _must(type(seen["callable"]) is bool and type(seen["empty"]) is bool)
        return seen | {"type": _text(seen["type"])}

    def value(self) -> dict:
        return _reply(self._ask("value", []))

    def call(self, calls: list[list]) -> list[dict]:
        replies = self._ask("call", calls)
        _must(type(replies) is list and 0 < len(replies) <= len(calls))
        replies = [_call_reply(one) for one in replies]
        # all of them have values, or the last is the first that has none
        _must(all("value" in one for one in replies[:-1]))
        _must(len(replies) == len(calls) or "value" not in replies[-1])
        return replies

    def _ask(self, what: str, calls: list):
        request = json.dumps([json.dumps([what, self.name, calls])])
        with failures_named():
            try:
                text = self.kernel.call(ASK, request, timeout=self.clock.at_most(self.limits.call), interrupt=True)
                return json.loads(json.loads(text))
            except (Raised, ValueError, TypeError, RecursionError):
                raise NoAnswer("malformed") from None


def _must(condition: bool) -> None:
    if not condition:
        raise NoAnswer("malformed")


def _text(value: object) -> str:
    _must(type(value) is str)
    return value[:TEXT_LIMIT]


def _call_reply(reply: object) -> dict:
    _must(type(reply) is dict)
    if reply.keys() == {"stub"}:
        return {"stub": True}
    if reply.keys() == {"raised", "line"}:
        return {"raised": _text(reply["raised"]), "line": _text(reply["line"])}
    return _reply(reply)


def _reply(reply: object) -> dict:
    _must(type(reply) is dict)
    if reply.keys() == {"value", "shown"}:
        try:
            return {"value": plain(reply["value"]), "shown": _text(reply["shown"])}
        except NotPlain:
            raise NoAnswer("malformed") from None
    _must(reply.keys() == {"odd", "shown"} and type(reply["odd"]) is list and len(reply["odd"]) == 2)
    return {"odd": [_text(one) for one in reply["odd"]], "shown": _text(reply["shown"])}


def hidden_seed(secret: bytes, submission: str, question: str) -> int:
    """The seed of a question's hidden inputs. It depends on the content of the submission (its sha256), so that what a
    function may have learned of its inputs is worth nothing in the next one."""
    return int.from_bytes(hmac.digest(secret, f"{submission}/{question}".encode(), hashlib.sha256)[:8], "big")


def judge(kernel: Kernel, id: str, seed: int, limits: Limits, clock: Clock) -> Verdict:
    """Judge a question's answer on hidden inputs. Hints come from the public ones, or name no input.

    NoAnswer passes through where the kernel failed.
    """
    asked = checks.find(id)
    answer = There(kernel, asked.answer, limits, clock)
    try:
        found = checks.judge(asked, answer, seed)
        if found.passed or found.reason in ("kind", "stub"):  # nothing was drawn to find these
            return Verdict(found.passed, found.reason, found.hint)
        shown = checks.judge(asked, answer, checks.PUBLIC_SEED)
    except (NoAnswer, KeyboardInterrupt):
        raise
    except Exception as error:  # the check is ours: whatever escapes it is for the instructor, not for the student
        return Verdict(False, "grader", said("grader"), type(error).__name__)
    if shown.passed:
        return Verdict(False, found.reason, _general(found, id))
    return Verdict(False, shown.reason, shown.hint, shown.example)


def _general(found: checks.Result, id: str) -> str:
    """The hint for an answer that is right on the public inputs only: it holds none of the hidden ones."""
    passed = t("公开的例子都对，换了别的输入就不对了。", "Right on the public examples, but not on other inputs. ")
    if found.reason == "wrong" and found.hint in fixed_sentences(id.partition(".")[0]):
        return passed + found.hint
    if found.reason == "error":
        name = error_name(found.raised.partition(":")[0])
        return passed + t(f"有的输入会让你的代码抛出 {name}。", f"Some inputs make your code raise {name}.")
    return passed + said("general")


def error_name(name: object) -> str:
    """The name of an error that Python knows: any other word may have been made up to carry something out."""
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    return name if isinstance(kind, type) and issubclass(kind, BaseException) else "Exception"


def said(reason: str) -> str:
    """The sentence for a verdict that comes with no hint of its own."""
    return {
        "missing": t(
            "没有这道题的答案：名字要和题目里的一样，那一格要能运行。",
            "There is no answer: it must have the name that the question gives, and its cell must run.",
        ),
        "dead": t(
            "检查这道题时，你的代码结束了自己的内核（内存用光、退出、崩溃）。",
            "Your code ended its own kernel while this question was checked (out of memory, exit or crash).",
        ),
        "time": t(
            "检查这道题时超过了时间。有没有停不下来的循环？",
            "This question took too long. Is there a loop that never ends?",
        ),
        "output": t("检查这道题时，打印的东西太多。", "Too much was printed while this question was checked."),
        "malformed": t(
            "你的代码给出的回答读不懂（太大、太深，或者不是数据）。",
            "What your code answered cannot be read (too large, nested too deep, or no data).",
        ),
        "general": t(
            "想一想：空的、很大的、负的、重复的输入，还有正好在边界上的。",
            "Think of inputs that are empty, huge, negative, repeated, or exactly at a limit.",
        ),
        "grader": t(
            "检查程序自己出错了，老师会人工处理。",
            "The check itself failed; your instructor will look at this by hand.",
        ),
    }[reason]
