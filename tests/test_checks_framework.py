"""The checks framework: what a check sees of an answer, what it does with a bad one, and what a notebook shows."""

import json
import math

import numpy as np
import pytest
import torch
from mutants import mutants

from aigc_course import checks, progress
from aigc_course.checks import Wrong, check, close, expect, question, run_check
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang
from aigc_course.judge import diagnose
from aigc_course.plain import NotPlain, plain


@pytest.fixture(autouse=True)
def demo():
    """A lab `demo` of two questions: double each number of a list; the number 42."""

    @question("demo.q1", answer="double", kind="function")
    def q1(double, rng):
        for _ in range(5):
            xs = [rng.randint(-9, 9) for _ in range(4)]
            given = list(xs)
            answer = double(given)
            expect(given == xs, "the check's own list was changed")
            expect(len(answer) == len(xs), "wrong length")
            expect(close(answer, [2 * x for x in xs]), "wrong numbers")

    @question("demo.q2", answer="number", kind="value")
    def q2(number, rng):
        expect(close(number, 42, 1e-3), "not 42")

    yield
    del checks._questions["demo.q1"], checks._questions["demo.q2"]


def right(xs):
    return [2 * x for x in xs]


def stub(xs):
    raise NotImplementedError()


def spoils_its_argument(xs):
    doubled = [2 * x for x in xs]
    xs.clear()
    return doubled


def leaves(xs):
    raise SystemExit(0)


def divides(xs):
    return [x / 0 for x in xs]


class Sly(list):
    """Claims to be equal to anything."""

    def __eq__(self, other):
        return True

    __hash__ = None


class SlyNumber(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __hash__ = None


@pytest.mark.parametrize("answer", [right, spoils_its_argument, lambda xs: tuple(2 * x for x in xs)])
@pytest.mark.parametrize("seed", [0, 1, "a secret"])
def test_right_answers_pass_with_any_seed(answer, seed):
    assert run_check("demo.q1", answer, seed) == checks.Result(True, "right")


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (stub, "stub", "not written yet"),
        (lambda xs: xs, "wrong", "wrong numbers"),
        (lambda xs: [], "wrong", "wrong length"),
        (lambda xs: None, "type", "forget to write return"),
        (lambda xs: 7, "type", "cannot read the answer"),
        (lambda xs: {1: 2}, "type", "Dict keys must be strings"),
        (lambda xs: {1, 2}, "type", "of type set"),
        (lambda xs: Sly(), "type", "of type Sly"),
        (lambda xs: [SlyNumber()] * 4, "type", "of type SlyNumber"),
        (lambda: [], "error", "TypeError"),
        (divides, "error", "at the line: return [x / 0 for x in xs]"),
        (leaves, "error", "SystemExit"),
        ([2, 4], "kind", "should be a function"),
    ],
)
def test_each_kind_of_bad_answer_gets_its_own_hint(answer, reason, said):
    result = run_check("demo.q1", answer, 0)
    assert not result.passed and result.reason == reason
    assert said in result.hint
    set_lang("zh")
    assert reason == "wrong" or run_check("demo.q1", answer, 0).hint != result.hint


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (41, "wrong"),
        ("42", "wrong"),
        (math.nan, "wrong"),
        (True, "wrong"),
        (SlyNumber(42), "type"),
        (..., "stub"),
        (None, "stub"),
        (right, "kind"),
    ],
)
def test_bad_values(answer, reason):
    assert run_check("demo.q2", answer, 0).reason == reason


@pytest.mark.parametrize("answer", [42, 42.0, 42.0001, np.float64(42), torch.tensor(42.0), np.array(42)])
def test_right_values(answer):
    assert run_check("demo.q2", answer, 0).passed


def test_a_loop_of_lists_is_refused():
    loop = []
    loop.append(loop)
    assert "holds itself" in run_check("demo.q2", loop, 0).hint


def test_the_last_call_is_shown_and_cut_short():
    assert run_check("demo.q1", lambda xs: [1], 0).example.startswith("double([")
    assert run_check("demo.q1", lambda xs: [1], 0).example.endswith("→ [1]")
    assert len(run_check("demo.q1", lambda xs: ["x" * 10_000], 0).example) < 400
    assert run_check("demo.q1", right, 0).example == run_check("demo.q1", stub, 0).example == ""


def test_the_same_seed_draws_the_same_inputs():
    wrong = [run_check("demo.q1", lambda xs: xs, seed).example for seed in (5, 5, 6)]
    assert wrong[0] == wrong[1] != wrong[2]


def test_a_student_cannot_steer_the_inputs():
    import random

    def seeds(xs):
        random.seed(0)
        return xs

    assert run_check("demo.q1", seeds, 5).example == run_check("demo.q1", lambda xs: xs, 5).example


def test_unknown_question():
    with pytest.raises(CourseError, match=r"Did you mean “demo\.q1”"):
        run_check("demo.q11", right, 0)


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        (1, 1.0),
        ([1.0, [2.0]], [1, [2.0000001]]),
        ((1, 2), [1, 2]),
        (math.inf, math.inf),
        ([-math.inf, 0.5], [-math.inf, 0.5]),
        (math.nan, math.nan),
        ({"a": 0.1 + 0.2}, {"a": 0.3}),
        ("x", "x"),
        (None, None),
        (1e9 + 1, 1e9),
        (True, True),
    ],
)
def test_close(answer, truth):
    assert close(answer, truth)


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        (1.001, 1.0),
        (1, True),
        (True, 1),
        ("1", 1),
        ([1, 2], [1, 2, 3]),
        ([[1, 2]], [1, 2]),
        (1, [1]),
        ([1], 1),
        (math.nan, 1.0),
        (1.0, math.nan),
        (math.inf, -math.inf),
        (1e308, math.inf),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, [1]),
        (None, 0),
        ("x", "y"),
    ],
)
def test_not_close(answer, truth):
    assert not close(answer, truth)


def test_plain_makes_json_of_what_courses_use():
    value = {"t": torch.tensor([[1.0, -math.inf]], requires_grad=True), "n": np.arange(2), "f": np.float32(0.5)}
    assert plain(value) == {"t": [[1.0, -math.inf]], "n": [0, 1], "f": 0.5}
    assert all(type(x) is int for x in plain(np.arange(2)))
    json.dumps(plain(value))


def test_plain_is_not_fooled_by_a_borrowed_name():
    fake = type("Tensor", (), {"tolist": lambda self: Sly(), "__module__": "torch"})
    with pytest.raises(NotPlain):
        plain(fake())
    inside = np.empty(1, dtype=object)
    inside[0] = Sly()
    with pytest.raises(NotPlain):
        plain(inside)


def test_expect_wants_a_bool():
    with pytest.raises(TypeError):
        expect([], "hint")
    with pytest.raises(Wrong, match="hint"):
        expect(False, "hint")
    expect(True, "hint")


def test_a_check_in_a_notebook_says_and_saves(capsys, monkeypatch):
    monkeypatch.setitem(globals(), "double", right)
    check("demo.q1")
    assert capsys.readouterr().out == "✓ demo.q1 passed\n" and progress.load()["checks"] == {"demo.q1": True}
    monkeypatch.setitem(globals(), "double", lambda xs: [])
    check("demo.q1")
    out = capsys.readouterr().out
    assert out.startswith("✗ demo.q1: wrong length\n  tried: double([") and progress.load()["checks"] == {
        "demo.q1": False
    }


def test_a_check_without_an_answer(capsys):
    check("demo.q2")
    assert "There is no number yet" in capsys.readouterr().out and progress.load()["checks"] == {"demo.q2": False}


def test_a_check_in_ipython_takes_the_users_names(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.user_ns["number"] = 42
        shell.run_cell("from aigc_course.checks import check\ncheck('demo.q2')")
    finally:
        InteractiveShell.clear_instance()
    assert "✓ demo.q2 passed" in capsys.readouterr().out


def test_mutants_find_a_lazy_check():
    code = "def double(xs):\n    return [2 * x for x in xs]\n"
    made = dict(mutants(code, 2, 2))
    assert len(made) == 4

    def passes(text):
        names = {}
        exec(text, names)
        return run_check("demo.q1", names["double"], 0).passed

    assert passes(code) and not any(passes(text) for text in made.values())


@pytest.mark.parametrize(("value", "raises"), [(42, False), (41, True), (None, True)])
def test_under_nbgrader_a_wrong_answer_raises(monkeypatch, value, raises):
    """nbgrader gives the points of a cell that raises nothing."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setitem(globals(), "number", value)
    try:
        check("demo.q2")
        assert not raises
    except Wrong as wrong:
        assert raises and str(wrong)


def test_cases_that_name_other_mistakes_are_a_fault_of_the_check():
    cases = [((1,), 2, {"less": [0], "more": [3]}), ((2,), 3, {"less": [1]})]
    with pytest.raises(RuntimeError, match="differ"):
        diagnose(lambda n: n + 1, cases, {}, "less")
