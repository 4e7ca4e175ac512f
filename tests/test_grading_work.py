"""One submission: what runs, what is judged where, what a student reads. The kernel is this process."""

import json
import math

import nbformat
import pytest
from in_process import InProcessKernel

from aigc_course import checks, course, i18n
from aigc_course.book import editions, source
from aigc_course.errors import CourseError
from aigc_course.grading import lab as labs
from aigc_course.grading import notebooks, work
from aigc_course.grading.checker import Clock, NoAnswer, There, hidden_seed
from aigc_course.grading.limits import Limits
from aigc_course.i18n import LANGS

SLUG, SECRET = "tokens", b"s" * 32
LAB = labs.load(SLUG)
RIGHT = {
    "q1": "def best_pair(words):\n"
    "    from collections import Counter\n"
    "    counts = Counter()\n"
    "    for word, n in words.items():\n"
    "        t = word.split()\n"
    "        for pair in zip(t, t[1:]):\n"
    "            counts[pair] += n\n"
    "    most = max(counts.values())\n"
    "    return list(min(p for p, c in counts.items() if c == most))",
    "q5": "def chat_cost(turns, price_in, price_out):\n"
    "    read = written = before = 0\n"
    "    for q, a in turns:\n"
    "        read, written, before = read + before + q, written + a, before + q + a\n"
    "    return (read * price_in + written * price_out) / 1e6",
}


def student(lang="en", **answers) -> nbformat.NotebookNode:
    """The released notebook without its slow cells, with these answers (by question: q1=…)."""
    notebook = labs.released(SLUG, lang)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "code" or cell.metadata.get("nbgrader")]
    for name, text in answers.items():
        cell_of(notebook, f"{SLUG}-{name}").source = text
    return notebook


def cell_of(notebook, grade_id):
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def data(notebook) -> bytes:
    return json.dumps(notebook).encode()  # as it is: nbformat would mend it


def grade(notebook, **limits) -> dict:
    given = notebook if isinstance(notebook, bytes) else data(notebook)
    return work.grade(given, SLUG, LAB.hash, Limits(**limits).to_dict(), SECRET, InProcessKernel)


def question(result, name) -> dict:
    return next(one for one in result["questions"] if one["id"] == f"{SLUG}.{name}")


def points(result) -> dict:
    return {one["id"].partition(".")[2]: one["points"] for one in result["questions"]}


# --- points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_right_wrong_and_missing_answers(lang):
    result = grade(
        student(lang, q1=RIGHT["q1"], q5="def chat_cost(turns, price_in, price_out):\n    return 0.5", q6="Because.")
    )
    assert points(result) == {"q1": 2.0, "q2": 0.0, "q3": 0.0, "q4": 0.0, "q5": 0.0, "q6": None}
    assert (result["lang"], result["score"], result["max_score"], result["problem"]) == (lang, 2.0, 15.0, "")
    reasons = {one["id"]: one["reason"] for one in result["questions"]}
    assert list(reasons.values()) == ["right", "stub", "stub", "stub", "wrong", "open"]
    assert json.loads(json.dumps(result)) == result
    chinese = [any("一" <= c <= "鿿" for c in one["hint"]) for one in result["questions"] if one["hint"]]
    assert set(chinese) == {lang == "zh"}


def test_the_same_input_gives_the_same_result():
    one, two = (grade(student(q1=RIGHT["q1"].replace("min(", "max("))) for _ in range(2))
    assert one | {"seconds": 0} == two | {"seconds": 0}
    assert one["key"] == work.key(one["sha256"], LAB.hash, Limits(), SECRET)
    assert (
        one["key"] != work.key(one["sha256"], LAB.hash, Limits(), b"other") != work.key("", LAB.hash, Limits(), SECRET)
    )


def test_hidden_inputs_depend_on_secret_submission_and_question():
    seeds = {hidden_seed(s, h, q) for s in (b"a", b"b") for h in ("1", "2") for q in ("tokens.q1", "tokens.q2")}
    assert len(seeds) == 8 and hidden_seed(b"a", "1", "q") == hidden_seed(b"a", "1", "q")


def test_an_answer_made_for_the_public_inputs_fails_and_no_hidden_input_is_told():
    table = []

    def spy(words):
        table.append(words)
        names = {}
        exec(RIGHT["q1"], names)
        return names["best_pair"](words)

    assert checks.run_check("tokens.q1", spy, checks.PUBLIC_SEED).passed
    cases = [[words, spy(words)] for words in list(table)]
    cheat = f"""KNOWN = {cases!r}
def best_pair(words):
    for known, answer in KNOWN:
        if known == words:
            return answer
    raise ValueError('secret' + repr(words))"""
    result = grade(student(q1=cheat))
    one = question(result, "q1")
    assert (one["points"], one["reason"], one["example"]) == (0.0, "error", "")
    first, second = (
        "Right on the public examples, but not on other inputs.",
        "Some inputs make your code raise ValueError.",
    )
    assert one["hint"] == f"{first} {second}"
    del one["answer"], result["cells"]
    assert "secret" not in json.dumps(result)


def test_a_hint_with_numbers_in_it_is_not_given_for_hidden_inputs(monkeypatch):
    from aigc_course.grading import checker

    found = checks.Result(False, "wrong", "Wanted 0.1234.")
    assert "0.1234" not in checker._general(found, "tokens.q1")
    fixed = checks.Result(False, "wrong", "Do not forget how often each word occurs.")
    assert fixed.hint in checker._general(fixed, "tokens.q1")
    made_up = checks.Result(False, "error", "", raised="Secret123: x")
    assert "Secret123" not in checker._general(made_up, "tokens.q1")


# --- which cells run -----------------------------------------------------------------------------------------------


def test_a_question_is_checked_where_its_check_stands():
    notebook = student(q1=RIGHT["q1"])
    notebook.cells.append(nbformat.v4.new_code_cell("def best_pair(words):\n    return None"))
    assert points(grade(notebook))["q1"] == 2.0


@pytest.mark.parametrize("where", ["deleted", "typed", "first", "twice", "changed", "no marks"])
def test_checks_that_were_moved_deleted_doubled_or_changed(where):
    notebook = student(q1=RIGHT["q1"])
    check = cell_of(notebook, "tokens-q1-check")
    if where in ("deleted", "typed", "first"):
        notebook.cells.remove(check)
    if where == "typed":
        notebook.cells.append(nbformat.v4.new_code_cell('check("tokens.q1")'))
    if where == "first":
        notebook.cells.insert(0, check)
    if where == "twice":
        notebook.cells.insert(0, check)
    if where == "changed":
        check.source = "print('✓')"
    if where == "no marks":
        for cell in notebook.cells:
            cell.metadata = {}
    result = grade(notebook)
    assert points(result)["q1"] == (0.0 if where == "first" else 2.0)
    assert bool(result["notes"]) == (where not in ("first", "twice", "no marks"))


def test_what_is_in_a_check_cell_does_not_run():
    notebook = student()
    cell_of(notebook, "tokens-q1-check").source = RIGHT["q1"]
    result = grade(notebook)
    assert points(result)["q1"] == 0.0 and "restored" in result["notes"][0]


def test_the_last_of_several_answer_cells_counts():
    notebook = student(q1=RIGHT["q1"])
    notebook.cells.insert(0, nbformat.v4.new_code_cell("1/0", metadata=cell_of(notebook, "tokens-q1").metadata))
    result = grade(notebook)
    assert points(result)["q1"] == 2.0 and question(result, "q1")["answer"] == RIGHT["q1"]
    assert any("several tokens-q1" in note for note in result["notes"])


def test_an_answer_cell_that_became_text_still_runs():
    notebook = student(q1=RIGHT["q1"])
    cell = cell_of(notebook, "tokens-q1")
    notebook.cells[notebook.cells.index(cell)] = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata)
    assert points(grade(notebook))["q1"] == 2.0


def test_order_is_the_students():
    notebook = student(q1=RIGHT["q1"])
    notebook.cells.reverse()
    assert points(grade(notebook))["q1"] == 0.0  # checked before it is defined
    notebook = student(q1=RIGHT["q1"])
    cells = notebook.cells
    pair = [cell_of(notebook, "tokens-q5"), cell_of(notebook, "tokens-q5-check")]
    notebook.cells = [*pair, *(cell for cell in cells if cell not in pair)]
    pair[0].source = RIGHT["q5"]
    assert points(grade(notebook)) | {"q6": 0} == {"q1": 2.0, "q2": 0, "q3": 0, "q4": 0, "q5": 2.0, "q6": 0}


def test_cells_that_fail_are_named_and_the_rest_goes_on():
    notebook = student(q1=RIGHT["q1"])
    notebook.cells.insert(0, nbformat.v4.new_code_cell("1/0"))
    notebook.cells.insert(1, nbformat.v4.new_code_cell("raise type('Leak42', (Exception,), {})()"))
    result = grade(notebook)
    assert points(result)["q1"] == 2.0
    assert [one["sentence"] for one in result["failed_cells"]] == [
        "Cell 1 (1/0) raised ZeroDivisionError.",
        "Cell 2 (raise type('Leak42', (Exception,), {})()) raised Exception.",
    ]


# --- files that are no notebooks -----------------------------------------------------------------------------------


def whole(**changes) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [], **changes}).encode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"{", "not whole JSON"),
        (b"\xff\xfe{}", "not whole JSON"),
        (b'{"nbformat": 4, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not whole JSON"),
        (b'{"nbformat": 4, "cells": [' + b"1" * 5000 + b"]}", "not whole JSON"),
        (b"[]", "not a Jupyter notebook"),
        (b"{}", "not a Jupyter notebook"),
        (whole(nbformat=99), "nbformat 4"),
        (whole(nbformat="4"), "nbformat 4"),
        (whole(nbformat=3), "nbformat 4"),
        (whole(cells={}), "nbformat 4"),
        (b"x" * 2_000_001, "too large"),
    ],
)
def test_what_is_no_notebook_has_a_result_all_the_same(given, said):
    result = grade(given, file=2_000_000)
    assert said in result["problem"] and result["score"] == 0.0
    assert set(points(result).values()) == {0.0}


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [None, 7, "x", {}, {"cell_type": "code"}, {"cell_type": "code", "source": 7}, {"cell_type": "x", "source": ""}],
        [{"cell_type": "code", "source": ["a", 1]}, {"cell_type": "code", "source": "1", "metadata": [], "id": {}}],
        [{"cell_type": "code", "source": "x = 1", "metadata": {"nbgrader": {"grade_id": ["tokens-q1"]}}}],
        [{"cell_type": "code", "source": "x = '\ud800'", "metadata": {"nbgrader": 3}}],
    ],
)
def test_damaged_cells_are_left_out(cells):
    result = grade(whole(cells=cells, metadata={"aigc": {"lang": "fr", "slug": 3}}))
    assert result["score"] == 0.0 and result["problem"] == "It has no answer cell of this lab."


def test_cells_beyond_the_limit_are_not_run():
    notebook = student(q1=RIGHT["q1"])
    result = grade(notebook, cells=2)
    assert points(result)["q1"] == 0.0 and any("Too many cells" in note for note in result["notes"])


def test_an_old_notebook_of_format_3_is_converted():
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"metadata": {}, "cells": []}]}
    code = {"cell_type": "code", "language": "python", "outputs": [], "metadata": {}, "collapsed": False}
    old["worksheets"][0]["cells"] = [code | {"input": text} for text in (RIGHT["q1"], 'check("tokens.q1")')]
    assert points(grade(json.dumps(old).encode()))["q1"] == 2.0


def test_another_labs_notebook_is_named():
    other = labs.released("rl", "en")
    other.cells = [cell for cell in other.cells if cell.cell_type == "markdown"]
    result = grade(other)
    assert result["score"] == 0.0 and any("of the lab “rl”" in note for note in result["notes"])
    assert result["problem"] == "This notebook is of the lab “rl”." and len(result["notes"]) == 1
    other.metadata["aigc"]["slug"] = SLUG
    assert grade(other)["problem"] == "It has no answer cell of this lab."


def test_language_without_metadata():
    notebook = labs.released(SLUG, "zh")
    del notebook.metadata["aigc"]
    assert notebooks.read(data(notebook), LAB, Limits()).lang == "zh"


# --- kernels that fail ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "reason"), [("die", "dead"), ("hang", "time"), ("pause", "time")])
def test_a_function_that_ends_or_hangs_its_kernel_costs_its_own_question_only(end, reason):
    InProcessKernel.made = 0
    result = grade(student(q1=f"def best_pair(words):\n    {end}()", q5=RIGHT["q5"]))
    assert (question(result, "q1")["points"], question(result, "q1")["reason"]) == (0.0, reason)
    assert points(result)["q5"] == 2.0
    assert result["limits_hit"] == [reason] and InProcessKernel.made == (1 if end == "pause" else 2)


@pytest.mark.parametrize("end", ["die", "hang", "pause"])
def test_a_cell_that_ends_or_hangs_its_kernel_is_left_out(end):
    notebook = student(q1=RIGHT["q1"], q5=RIGHT["q5"])
    place = notebook.cells.index(cell_of(notebook, "tokens-q5"))
    notebook.cells.insert(place, nbformat.v4.new_code_cell(f"n = 1\n{end}()"))
    result = grade(notebook)
    assert points(result) | {"q6": 0} == {"q1": 2.0, "q2": 0, "q3": 0, "q4": 0, "q5": 2.0, "q6": 0}
    assert len(result["failed_cells"]) == 1 and "left out" in result["failed_cells"][0]["sentence"]


def test_a_notebook_that_ends_one_kernel_after_the_other_is_given_up():
    notebook = student(q1=RIGHT["q1"])
    for _ in range(9):
        notebook.cells.insert(0, nbformat.v4.new_code_cell("die()"))
    InProcessKernel.made = 0
    result = grade(notebook, restarts=3)
    assert InProcessKernel.made == 4 and result["score"] == 0.0 and question(result, "q1")["reason"] == "time"


def test_time_for_all_of_it():
    notebook = student(q1=RIGHT["q1"], q5=RIGHT["q5"])
    cell_of(notebook, "tokens-q1").source += "\nimport time\ntime.sleep(0.3)"
    result = grade(notebook, total=0.2)
    assert result["score"] == 0.0 and question(result, "q5")["reason"] == "time"


# --- what a kernel may say -----------------------------------------------------------------------------------------


class Liar:
    """A kernel that replies with what a test wants."""

    def __init__(self, reply):
        self.reply = reply

    def call(self, name, args_json, timeout, interrupt=False):
        return self.reply


SLY = "class Sly(list):\n    def __eq__(self, other): return True\n"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "nonsense",
        "7",
        "null",
        '"nonsense"',
        json.dumps("[" * 10_000 + "]" * 10_000),
        json.dumps("[]"),
        json.dumps(json.dumps([{"value": 1, "shown": "1"}, {"value": 1, "shown": "1"}, {"value": 1, "shown": "1"}])),
        json.dumps(json.dumps([{"value": 1, "shown": "1"}])),
        json.dumps(json.dumps([{"stub": True}, {"value": 1, "shown": "1"}])),
        json.dumps(json.dumps([{"value": 1}, {"value": 1, "shown": "1"}])),
        json.dumps(json.dumps([{"value": 1, "shown": 1}, {"value": 1, "shown": "1"}])),
        json.dumps(json.dumps([{"raised": 1, "line": ""}])),
        json.dumps(json.dumps([{"odd": ["x"], "shown": ""}])),
        json.dumps(json.dumps([{"value": 1, "shown": "1", "passed": True}])),
        json.dumps(json.dumps([[]])),
        json.dumps("[" + '{"value": ' + "[" * 50 + "]" * 50 + ', "shown": ""}]'),
        json.dumps("9" * 5000),
    ],
)
def test_replies_of_another_form_are_no_answers(reply):
    there = There(Liar(reply), "f", Limits(), Clock(10))
    with pytest.raises(NoAnswer) as caught:
        there.call([[[1], {}], [[2], {}]])
    assert caught.value.reason == "malformed" and not caught.value.lost
    with pytest.raises(NoAnswer):
        there.look()


def test_replies_keep_what_json_can_hold_and_cut_words():
    values = [math.inf, 1e308, -0.0, True, None, "½\ud800", {"a": [1]}, 10**400]
    replies = [{"value": value, "shown": "x" * 9999} for value in values]
    got = There(Liar(json.dumps(json.dumps(replies))), "f", Limits(), Clock(10)).call([[[], {}]] * len(values))
    assert [one["value"] for one in got] == values and type(got[3]["value"]) is bool
    assert all(len(one["shown"]) == 500 for one in got)
    nan = There(Liar(json.dumps(json.dumps({"value": math.nan, "shown": ""}))), "f", Limits(), Clock(10)).value()
    assert math.isnan(nan["value"])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("best_pair = 7", "kind"),
        ("def best_pair(words):\n    return None", "type"),
        ("def best_pair(words):\n    return {1: 2}", "type"),
        ("def best_pair(words):\n    return ['a' * 10, 'b', float('nan')]", "wrong"),
        ("def best_pair(words):\n    return [float('nan'), float('inf')]", "wrong"),
        (f"{SLY}def best_pair(words):\n    return Sly(['a', 'b'])", "type"),
        ("_aigc_ask = lambda *a, **k: 'null'", "missing"),
        ("_aigc_ask = lambda *a, **k: '{}'", "malformed"),
        ("_aigc_ask = None", "malformed"),
        ("import aigc_course.answers as a\na.ask = lambda *x: '[]'", "malformed"),
        ("def best_pair(words):\n    raise NotImplementedError", "stub"),
        ("def best_pair(words):\n    return 1/0", "error"),
        ("def best_pair(words):\n    words.clear()\n    return ['l', 'd']", "wrong"),
    ],
)
def test_answers_that_are_none(code, reason, monkeypatch):
    from aigc_course import answers

    monkeypatch.setattr(answers, "ask", answers.ask)  # the test's own code changes it
    result = grade(student(q1=code))
    assert (question(result, "q1")["points"], question(result, "q1")["reason"]) == (0.0, reason)


def test_a_check_that_fails_itself_is_for_the_instructor(monkeypatch):
    import dataclasses

    def broken(answer, rng):
        raise RecursionError

    asked = checks.find("tokens.q1")
    monkeypatch.setitem(checks._questions, "tokens.q1", dataclasses.replace(asked, body=broken))
    one = question(grade(student(q1=RIGHT["q1"], q5=RIGHT["q5"])), "q1")
    assert (one["points"], one["reason"], one["example"]) == (None, "grader", "RecursionError")


# --- labs ----------------------------------------------------------------------------------------------------------


def test_another_version_of_the_lab_is_refused():
    with pytest.raises(CourseError, match="another version"):
        work.grade(b"", SLUG, "0" * 64, Limits().to_dict(), SECRET, InProcessKernel)
    assert i18n._current is None


@pytest.mark.parametrize(
    "lesson", [one for one in course.load().lessons if "lab" in one.parts], ids=lambda one: one.slug
)
def test_both_editions_have_the_same_graded_cells(lesson):
    lab = labs.load(lesson.slug)
    marked = {
        lang: [
            (cell.metadata.nbgrader.grade_id, cell.id, cell.metadata.nbgrader.get("points"))
            for cell in labs.released(lesson.slug, lang).cells
            if cell.metadata.get("nbgrader")
        ]
        for lang in LANGS
    }
    assert marked["zh"] == marked["en"] and len({name for name, *_ in marked["zh"]}) == len(marked["zh"])
    assert all(set(cell.sources) == set(LANGS) for cell in lab.cells.values())
    text = source.read(lesson.slug, lesson.lab_source)
    assert [asked.id for asked in lab.questions if not asked.manual] == [
        cell.check for cell in text.cells if cell.check
    ]
    assert lab.max_score == sum(cell.points for cell in text.cells if cell.lang != "en" and (cell.check or cell.manual))
    solved = editions.lab_edition(text, "zh", solved=True)
    steps = notebooks.read(data(solved), lab, Limits())
    assert steps.notes == [] and [s.check for s in steps.steps if s.check] == [
        a.id for a in lab.questions if not a.manual
    ]
