"""The unit of work: the bytes of a submission, a lab, limits and a secret in, a JSON-able result out."""

import hashlib
import hmac
import json
import threading
import time

from aigc_course import i18n
from aigc_course.errors import CourseError
from aigc_course.grading import lab as labs
from aigc_course.grading import notebooks, session
from aigc_course.grading.checker import Verdict, hidden_seed, said
from aigc_course.grading.kernels.sandbox import SandboxedKernel, for_course
from aigc_course.grading.limits import Limits
from aigc_course.i18n import t

# the language of hints is a process's, so two submissions are not graded in one process at a time
_one_at_a_time = threading.Lock()


def key(sha256: str, lab_hash: str, limits: Limits, secret: bytes) -> str:
    """What a result depends on. Results with the same key are the same."""
    told = json.dumps([sha256, lab_hash, limits.to_dict()])
    return hmac.new(secret, told.encode(), hashlib.sha256).hexdigest()


def sandboxed(slug: str, limits: Limits) -> session.Factory:
    """Makes kernels in the sandbox that see the course package without its graders."""
    profile = for_course(memory=limits.memory, scratch=limits.scratch, rehearsal=labs.rehearsal(slug))
    return lambda: SandboxedKernel(profile, max_output=limits.output)


def grade(
    data: bytes, slug: str, lab_hash: str, limits: dict, secret: bytes, factory: session.Factory | None = None
) -> dict:
    """Grade one submission.

    data: the notebook as handed in. lab_hash: of the lab as the caller knows it; CourseError where this machine has
    another version. limits: `Limits.to_dict()`. secret: what the hidden inputs are drawn from. factory: makes the
    kernels, sandboxed ones by default. The result holds: key, sha256, lang, seconds, score and max_score of the
    questions that are checked, "questions" (a list of dicts), "notes", "failed_cells", "limits_hit", "problem".
    """
    lab, bounds, start = labs.load(slug), Limits(**limits), time.monotonic()
    if lab.hash != lab_hash:
        raise CourseError(
            f"这台机器上的课程与发起评分的不是同一个版本（练习 {slug}）：请先更新。",
            f"This machine has another version of the course than the one that grades (lab {slug}): update it.",
        )
    sha256 = hashlib.sha256(data).hexdigest()
    with _one_at_a_time:
        before = i18n._current
        try:
            result = _graded(data, lab, bounds, secret, sha256, factory or sandboxed(slug, bounds))
        finally:
            i18n._current = before
    return result | {"key": key(sha256, lab_hash, bounds, secret), "seconds": round(time.monotonic() - start, 3)}


def _graded(data: bytes, lab: labs.Lab, limits: Limits, secret: bytes, sha256: str, factory: session.Factory) -> dict:
    try:
        submitted = notebooks.read(data, lab, limits)
    except notebooks.Unreadable as error:
        return unreadable(lab, sha256, error.zh, error.en)
    i18n.set_lang(submitted.lang)
    outcome = session.run(submitted.steps, factory, lambda id: hidden_seed(secret, sha256, id), limits)
    questions = [_question(asked, submitted, outcome, lab) for asked in lab.questions]
    failed = [
        {
            "cell": cell + 1,
            "what": what,
            "sentence": _cell_sentence(cell, submitted.pieces[cell].text, what),
            "given": _given(submitted.pieces[cell]),
        }
        for cell, what in outcome.failed
    ]
    return {
        "sha256": sha256,
        "lab": lab.slug,
        "lang": submitted.lang,
        "questions": questions,
        "notes": [t(*note) for note in submitted.notes],
        "failed_cells": failed,
        "limits_hit": outcome.limits,
        "problem": t(*submitted.problem),
        "cells": [[piece.kind, piece.text, piece.known.grade_id if piece.known else ""] for piece in submitted.pieces],
    } | _totals(questions)


def unreadable(lab: labs.Lab, sha256: str, zh: str, en: str) -> dict:
    """The result of a submission in which there is nothing to grade: no points, and the reason."""
    questions = [_entry(asked, Verdict(False, "missing", said("missing")), 0.0, "") for asked in lab.questions]
    return {
        "sha256": sha256,
        "lab": lab.slug,
        "lang": i18n.get_lang(),
        "questions": questions,
        "notes": [],
        "failed_cells": [],
        "limits_hit": [],
        "problem": t(zh, en),
        "cells": [],
    } | _totals(questions)


def _question(asked: labs.Asked, submitted: notebooks.Submitted, outcome: session.Outcome, lab: labs.Lab) -> dict:
    answer = submitted.answers[asked.id]
    if not asked.manual:
        verdict = outcome.verdicts[asked.id]
        points = None if verdict.reason == "grader" else float(asked.points if verdict.passed else 0)
        return _entry(asked, verdict, points, answer)
    stubs = [text.strip() for text in lab.cells[asked.answer_id].sources.values()]
    if answer.strip() in ("", *stubs):
        return _entry(asked, Verdict(False, "missing", t("没有作答。", "No response.")), 0.0, "")
    return _entry(asked, Verdict(False, "open", t("等老师批改。", "To be marked by your instructor.")), None, answer)


def _entry(asked: labs.Asked, verdict: Verdict, points: float | None, answer: str) -> dict:
    """points: None where a person must decide."""
    return {
        "id": asked.id,
        "grade_id": asked.grade_id,
        "manual": asked.manual,
        "points": points,
        "max_points": float(asked.points),
        "passed": verdict.passed,
        "reason": verdict.reason,
        "hint": verdict.hint,
        "example": verdict.example,
        "answer": answer,
    }


def _totals(questions: list[dict]) -> dict:
    points = [one["points"] for one in questions if one["points"] is not None]
    return {"score": float(sum(points)), "max_score": float(sum(one["max_points"] for one in questions))}


def _given(piece: notebooks.Piece) -> str:
    """The id of a cell that the course gave and no student may change, "" for any other."""
    return piece.known.grade_id if piece.known and piece.known.locked else ""


def _cell_sentence(cell: int, code: str, what: str) -> str:
    """Jupyter shows no number of a cell, so its first line of code is quoted."""
    lines = (line.strip() for line in code.splitlines())
    begins = next((line for line in lines if line and not line.startswith("#")), "")
    name = t(f"第 {cell + 1} 格", f"Cell {cell + 1}") + (t(f"（{begins[:40]}）", f" ({begins[:40]})") if begins else "")
    return {
        "dead": t(f"{name}结束了内核，已跳过。", f"{name} ended its kernel and was left out."),
        "time": t(f"{name}超时，已跳过。", f"{name} took too long and was left out."),
        "output": t(f"{name}打印太多，已跳过。", f"{name} printed too much and was left out."),
    }.get(what, t(f"{name}出错：{what}。", f"{name} raised {what}."))
