"""One submission's steps in a kernel of its own, and in another where that one dies or hangs."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from aigc_course.grading.checker import ASK, Clock, Kernel, NoAnswer, Verdict, error_name, failures_named, judge, said
from aigc_course.grading.kernels.client import LAUNCH
from aigc_course.grading.limits import Limits
from aigc_course.grading.notebooks import Step

# `check` has nothing to do here, and the oracles of a lab's check are not for its answers
PRELUDE = f"""
def {ASK}(request, names=globals()):
    from aigc_course.answers import ask
    return ask(names, request)

def _aigc_prepare():
    import pkgutil, sys
    import aigc_course.answers, aigc_course.checks as checks
    for module in pkgutil.iter_modules(checks.__path__):
        sys.modules[checks.__name__ + "." + module.name] = None
    checks.check = lambda id: None

_aigc_prepare()
del _aigc_prepare
"""

Factory = Callable[[], AbstractContextManager[Kernel]]


@dataclass
class Outcome:
    """verdicts: by question. failed: (number of the cell, what happened) of each cell that raised an error or ended
    its kernel. limits: which limits were hit.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    failed: list[tuple[int, str]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


def run(steps: tuple[Step, ...], factory: Factory, seed_of: Callable[[str], int], limits: Limits) -> Outcome:
    """Run and check step by step. A step that ends the kernel is left out, and the rest goes on in a fresh kernel in
    which the earlier cells have run again: one loop without end costs one question.

    factory: makes a kernel. seed_of: the seed of a question's hidden inputs.
    """
    outcome, clock, done, skipped = Outcome(), Clock(limits.total), 0, set()
    for _ in range(limits.restarts + 1):
        if done >= len(steps) or clock.over():
            break
        start = time.monotonic()
        with factory() as kernel:
            kernel.execute(PRELUDE, timeout=LAUNCH)  # still ours: a busy machine is no fault of the submission's
            clock.extend(time.monotonic() - start)
            for place, step in enumerate(steps):
                if place in skipped or (place < done and step.check):
                    continue
                try:
                    _do(kernel, step, outcome, seed_of, limits, clock, again=place < done)
                except NoAnswer as failure:
                    skipped.add(place)
                    _failed(outcome, step, failure.reason)
                    if failure.lost:
                        break
                finally:
                    done = max(done, place + 1)
    for step in steps[done:]:
        if step.check:
            _failed(outcome, step, "time")
    return outcome


def _failed(outcome: Outcome, step: Step, reason: str) -> None:
    if reason not in ("missing", "malformed") and reason not in outcome.limits:
        outcome.limits.append(reason)
    if step.check:
        outcome.verdicts[step.check] = Verdict(False, reason, said(reason))
    else:
        outcome.failed.append((step.cell, reason))


def _do(
    kernel: Kernel,
    step: Step,
    outcome: Outcome,
    seed_of: Callable[[str], int],
    limits: Limits,
    clock: Clock,
    again: bool,
) -> None:
    """One step. NoAnswer where there is nothing to judge, or the kernel failed."""
    if step.check:
        outcome.verdicts[step.check] = judge(kernel, step.check, seed_of(step.check), limits, clock)
        return
    with failures_named():
        reply = kernel.execute(step.code, timeout=clock.at_most(limits.cell), interrupt=True)
    if reply.error and not again and (name := error_name(reply.error[0])) != "NotImplementedError":
        outcome.failed.append((step.cell, name))
