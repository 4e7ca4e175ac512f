"""Submissions that mean harm (tests/hostile), in the sandbox. Each is the answer to the first question of a notebook
whose fifth is answered rightly; after each an honest submission is graded as if nothing had been."""

import json
import os
import sys
from pathlib import Path

import ordinary
import pytest
from test_grading_work import LAB, RIGHT, SECRET, data, points, question, student

from aigc_course import i18n
from aigc_course.grading import lab, work
from aigc_course.grading.kernels.sandbox import SandboxedKernel, for_course
from aigc_course.grading.limits import Limits

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.py"))
LIMITS = Limits(cell=4, call=4, total=40, memory=700, scratch=50)
MARK = Path("/tmp/aigc-hostile-was-here")
# what is stopped by users, namespaces and limits, not by Python
AT_THE_WALLS = (
    "bomb or daemon or debugger or home or kills or loopback or mount or network or oracle or others or rewrites or "
    "seed or socket or stubborn"
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


def small(**answers):
    """A notebook of two questions: the others are missing, which is quick to find."""
    notebook = student(**answers)
    kept = {f"tokens-{name}{end}" for name in ("q1", "q5") for end in ("", "-check")}
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in kept]
    return data(notebook)


def grade(given):
    return work.grade(given, "tokens", LAB.hash, LIMITS.to_dict(), SECRET)


def test_there_are_enough():
    assert len(HOSTILE) >= 40 and all(path.read_text(encoding="utf-8").startswith("# ") for path in HOSTILE)


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_no_point_is_got_and_the_next_submission_is_graded_as_ever(path):
    i18n.set_lang("en")
    code = path.read_text(encoding="utf-8")
    result = grade(small(q1=code, q5=RIGHT["q5"]))
    one = question(result, "q1")
    assert one["points"] == 0.0 and not one["passed"] and one["hint"], one
    if "# q5: any" not in code:
        assert points(result)["q5"] == 2.0, question(result, "q5")
    assert json.loads(json.dumps(result)) == result and len(json.dumps(result)) < 100_000
    assert not MARK.exists() and os.getpid()
    honest = grade(small(q1=RIGHT["q1"], q5=RIGHT["q5"]))
    assert (points(honest)["q1"], points(honest)["q5"], honest["failed_cells"]) == (2.0, 2.0, [])


@pytest.mark.parametrize("name", ["oracle_by_path", "oracle_import", "oracle_unhidden"])
def test_where_namespaces_are_forbidden_the_checks_are_out_of_reach_too(name):
    profile = for_course(namespaces=False, rehearsal=lab.rehearsal("tokens"))
    code = (Path(__file__).parent / "hostile" / f"{name}.py").read_text(encoding="utf-8")
    given = small(q1=code, q5=RIGHT["q5"])
    result = work.grade(given, "tokens", LAB.hash, LIMITS.to_dict(), SECRET, factory=lambda: SandboxedKernel(profile))
    assert (points(result)["q1"], points(result)["q5"]) == (0.0, 2.0), result["questions"]


@pytest.mark.timeout(600)
def test_an_ordinary_user_grades_as_safely():
    """The walls of an ordinary user are others than root's: those that run into them again, as nobody."""
    assert all(any(word in path.stem for path in HOSTILE) for word in AT_THE_WALLS.split(" or "))
    ordinary.run_again(__file__, "-k", f"no_point_is_got and ({AT_THE_WALLS})")
