"""A class: finding what was handed in, going on after a stop, gradebook, marks by hand, late rule, likeness."""

import csv
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from click.testing import CliRunner
from in_process import InProcessKernel
from test_grading_work import RIGHT, cell_of, data, student

from aigc_course import cli, course, i18n
from aigc_course.book import editions, source
from aigc_course.errors import CourseError
from aigc_course.grading import grade as grading
from aigc_course.grading import gradebook, labels, similarity, submissions, work
from aigc_course.grading import lab as labs
from aigc_course.grading.gradebook import Book
from aigc_course.grading.late import LateRule, deadline
from aigc_course.grading.receipts import Receipts
from aigc_course.grading.release import release

SLUG = "tokens"
LABS = [one for one in course.load().lessons if "lab" in one.parts]


def serial(jobs):
    """Does the jobs here, one after the other."""
    for job in jobs:
        yield job, work.grade(*job.load(), factory=InProcessKernel)


def hand_in(folder, name, notebook=None, **answers):
    path = folder / name / SLUG / f"{SLUG}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data(notebook or student(**answers)))
    return path


def run(path, out, jobs=serial, **settings):
    return grading.grade(path, grading.Settings(SLUG, out, seed="7", **settings), jobs)


def table(out):
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_cell_of_the_courses_own_that_fails_in_most_submissions_is_told(tmp_path, capsys):
    from rich.console import Console

    def broken(jobs):
        for job, result in serial(jobs):
            failed = {
                "cell": 3,
                "what": "FileNotFoundError",
                "sentence": "…",
                "given": "" if job.student == "eve" else "cell-3",
            }
            yield job, result | {"failed_cells": [failed]}

    for name in ("ann", "bob", "eve"):
        hand_in(tmp_path / "in", name, q1=name)
    done = run(tmp_path / "in", tmp_path / "out", broken)
    assert done.given == ("cell-3", "FileNotFoundError", 2)
    labels.summary(done, Console(width=200))
    assert "own cell cell-3 failed in 2 submissions (FileNotFoundError)" in capsys.readouterr().out
    assert run(tmp_path / "in", tmp_path / "well").given is None


def test_a_seed_is_kept(tmp_path):
    hand_in(tmp_path / "in", "ann")
    assert run(tmp_path / "in", tmp_path / "out").graded == 1
    again = grading.grade(tmp_path / "in", grading.Settings(SLUG, tmp_path / "out"), serial)
    assert (again.graded, again.kept) == (0, 1)
    other = grading.grade(tmp_path / "in", grading.Settings(SLUG, tmp_path / "out", seed="8"), serial)
    assert (other.graded, other.kept) == (1, 0)


# --- finding -------------------------------------------------------------------------------------------------------


def names(path):
    return {one.student: one for one in submissions.find(path, SLUG)}


def test_nbgraders_tree_from_either_folder(tmp_path):
    hand_in(tmp_path / "submitted", "ann")
    hand_in(tmp_path / "submitted", "张三")
    (tmp_path / "submitted" / "ann" / SLUG / "timestamp.txt").write_text("2026-11-22 08:00:00.5 UTC\n")
    other = tmp_path / "submitted" / "bob" / "rl" / "rl.ipynb"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    (tmp_path / "submitted" / "eve" / SLUG).mkdir(parents=True)
    for path in (tmp_path, tmp_path / "submitted"):
        found = names(path)
        assert list(found) == ["ann", "eve", "张三"], "bob has handed in another lab only"
        assert found["ann"].handed_in == datetime(2026, 11, 22, 8, 0, 0, 500_000, UTC)
        with pytest.raises(submissions.Refused, match="No notebook"):
            found["eve"].read(9**9)


def test_flat_folders_and_names(tmp_path):
    for name in ("ann.ipynb", "bob_tokens.ipynb", "tokens-eve.ipynb", "tokens.ipynb", ".hidden.ipynb", "notes.txt"):
        (tmp_path / name).write_bytes(b"{}")
    assert list(names(tmp_path)) == ["ann", "bob", "eve", "tokens"]


def test_students_folders_with_renamed_and_several_notebooks(tmp_path):
    for name in (
        "ann/tokens (1).ipynb",
        "ann/rl.ipynb",
        "bob/TOKENS.IPYNB",
        "bob/Untitled.ipynb",
        "eve/a.ipynb.txt",
        "dan/x.pdf",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    found = names(tmp_path)
    assert {name: one.name for name, one in found.items()} == {
        "ann": "tokens (1).ipynb",
        "bob": "TOKENS.IPYNB",
        "dan": "",
        "eve": "a.ipynb.txt",
    }
    assert "2 notebooks" in found["ann"].notes[0][1] and not found["eve"].notes


def test_nothing_to_grade(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "y.zip").write_bytes(b"PK nonsense")
    for path, said in (
        (tmp_path / "none", "There is no"),
        (tmp_path / "x", "no submissions"),
        (tmp_path / "y.zip", "neither"),
    ):
        with pytest.raises(CourseError, match=said):
            submissions.find(path, SLUG)


def zipped(tmp_path, *entries):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "layout", ["{}.ipynb", "submitted/{}/tokens/tokens.ipynb", "class/{}/tokens.ipynb", "{}/tokens/tokens.ipynb"]
)
def test_zips(tmp_path, layout):
    path = zipped(tmp_path, (layout.format("ann"), b"{}"), (layout.format("张三"), b"[]"), ("__MACOSX/ann.ipynb", b"x"))
    found = names(path)
    assert list(found) == ["ann", "张三"] and [one.read(99) for one in found.values()] == [b"{}", b"[]"]


def test_a_zip_made_in_a_chinese_windows(tmp_path):
    path = zipped(tmp_path, ("AAAA.ipynb", b"{}"))
    path.write_bytes(path.read_bytes().replace(b"AAAA", "张三".encode("gbk")))
    assert list(names(path)) == ["张三"]


def link_info(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("../../eve/tokens.ipynb", b"{}")], "leads out"),
        ([("/eve/tokens.ipynb", b"{}")], "leads out"),
        ([("C:\\eve\\tokens.ipynb", b"{}")], "leads out"),
        ([("eve/tokens.ipynb", b"{}"), ("eve/tokens.ipynb", b"[]")], "same name"),
        ([("eve/tokens.ipynb", b"{}"), ("eve\\tokens.ipynb", b"[]")], "same name"),
        ([(link_info("eve/tokens.ipynb"), b"/etc/passwd")], "link"),
        ([("eve/tokens.ipynb", b"0" * 30_000_000)], "too large"),
    ],
)
def test_tricks_in_zips_are_refused_and_nobody_else_suffers(tmp_path, entries, said):
    found = names(zipped(tmp_path, ("ann/tokens.ipynb", b"{}"), *entries))
    assert found["ann"].read(9_000_000) == b"{}"
    with pytest.raises(submissions.Refused, match=said):
        found["eve"].read(9_000_000)
    assert set(os.listdir(tmp_path)) == {"class.zip"}


def test_a_trick_with_another_students_name_does_not_replace_hers(tmp_path):
    path = zipped(tmp_path, ("../ann/tokens.ipynb", b"bad"), ("ann/tokens.ipynb", b"{}"), ("/ann/tokens.ipynb", b"bad"))
    assert names(path)["ann"].read(99) == b"{}"


def test_a_zip_that_lies_about_sizes_and_a_damaged_one(tmp_path):
    path = zipped(tmp_path, ("eve.ipynb", b"0" * 50_000))
    whole = path.read_bytes()
    path.write_bytes(whole.replace((50_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(submissions.Refused):
        data = names(path)["eve"].read(1000)
        assert len(data) > 1000, "read more than it said"
    path.write_bytes(whole[:40] + b"\xff" * 20 + whole[60:])
    with pytest.raises(submissions.Refused, match="damaged"):
        names(path)["eve"].read(99_999)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_links_and_pipes_are_not_read(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret")
    folder = tmp_path / "in"
    for name in ("ann", "bob", "eve", "dan"):
        (folder / name).mkdir(parents=True)
    (folder / "ann" / "tokens.ipynb").symlink_to(secret)
    os.mkfifo(folder / "bob" / "tokens.ipynb")
    (folder / "eve" / "tokens.ipynb").symlink_to(folder / "nowhere")
    (folder / "dan" / "tokens").symlink_to(tmp_path)
    (folder / "eve" / "tokens-mine.ipynb").write_text("{}")
    found = names(folder)
    for name in ("ann", "bob"):
        with pytest.raises(submissions.Refused, match="link or a device"):
            found[name].read(99)
    assert found["eve"].read(99) == b"{}", "what can be read comes before what cannot"
    with pytest.raises(submissions.Refused):
        found["dan"].read(99)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("..", "%2E%2E"), ("a/b", "a%2Fb"), ("a\nb", "a%0Ab"), (" x ", "%20x%20"), ("张三", "张三"), ("50%", "50%25")],
)
def test_names_that_could_be_paths(name, kept):
    assert submissions._name(name) == kept
    assert submissions._name("x" * 500) != submissions._name("x" * 501)
    assert len(submissions._name("张" * 500).encode()) <= submissions.LONGEST_NAME


@pytest.mark.parametrize("text", ["", "soon", "9" * 300, "\xff", "2026-99-01 00:00:00 UTC"])
def test_a_timestamp_that_cannot_be_read(tmp_path, text):
    path = hand_in(tmp_path, "ann")
    (path.parent / "timestamp.txt").write_text(text, encoding="latin-1")
    found = names(tmp_path)["ann"]
    assert abs(found.handed_in - datetime.now(UTC)) < timedelta(minutes=5) and "cannot be read" in found.notes[0][1]


# --- a class -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    gradebook._create(path)
    return path


@pytest.fixture(autouse=True)
def quick_gradebooks(monkeypatch, empty_gradebook):
    """nbgrader takes seconds to make one, and all are alike."""
    monkeypatch.setattr(gradebook, "_create", lambda path: shutil.copy(empty_gradebook, path))


@pytest.fixture
def classroom(tmp_path):
    folder = tmp_path / "submitted"
    hand_in(folder, "ann", q1=RIGHT["q1"], q5=RIGHT["q5"], q6="Measure first.")
    hand_in(folder, "bob", lang="zh", q1=RIGHT["q1"].replace("min(", "max("))
    (hand_in(folder, "eve")).write_bytes(b"\x00")
    return folder


def test_a_class_from_files_to_grades(classroom, tmp_path):
    out = tmp_path / "out"
    done = run(classroom, out)
    assert (done.graded, done.kept, done.to_mark, done.problems, done.failed) == (3, 0, 1, 1, [])
    rows = table(out)
    assert {name: (row["score"], row["max_score"]) for name, row in rows.items()} == {
        "ann": ("4.0", "15.0"),
        "bob": ("0.0", "15.0"),
        "eve": ("0.0", "15.0"),
    }
    assert rows["ann"]["tokens.q6"] == "" and "not whole JSON" in rows["eve"]["problem"]
    result = json.loads((out / "results" / SLUG / "bob.json").read_text(encoding="utf-8"))
    assert result["lang"] == "zh" and "一样多" in result["questions"][0]["hint"]
    assert result["receipt"]["sha256"] == result["sha256"] and result["receipt"]["received"].endswith("+00:00")
    page = (out / "feedback" / "bob" / SLUG / f"{SLUG}.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page and "反馈" in page and "一样多" in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page and 'src="' not in page
    assert i18n.get_lang() == "en"


@pytest.mark.filterwarnings("ignore")  # nbgrader's own
def test_the_gradebook_is_nbgraders(classroom, tmp_path):
    from nbgrader.api import Gradebook

    out = tmp_path / "out"
    run(classroom, out)
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        found = {one["student"]: one for one in book.submission_dicts(SLUG)}
        assert found["ann"]["score"] == 4.0 and found["ann"]["max_score"] == 15.0 and found["ann"]["needs_manual_grade"]
        assert not found["bob"]["needs_manual_grade"]
        assert book.find_grade("tokens-q1-check", SLUG, SLUG, "bob").auto_score == 0.0
        assert "一样多" in book.find_comment("tokens-q1", SLUG, SLUG, "bob").comment
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.nbgraderformat import MetadataValidator
    from traitlets.config import Config

    course_folder = NbGraderAPI(config=Config(CourseDirectory={"root": str(out)}))
    assert course_folder.get_assignment(SLUG)["max_score"] == 15.0, "formgrader lists it"
    assert all(one["autograded"] for one in course_folder.get_submissions(SLUG))
    for name in ("ann", "bob", "eve"):
        notebook = nbformat.read(out / "autograded" / name / SLUG / f"{SLUG}.ipynb", as_version=4)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)


def mark(out, who, points, cell="tokens-q6", comment=None):
    """What formgrader does when a person marks."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        grade = book.find_grade(cell, SLUG, SLUG, who)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            book.find_comment(cell.removesuffix("-check"), SLUG, SLUG, who).manual_comment = comment
        book.db.commit()


def test_marks_by_hand_come_back_and_stay(classroom, tmp_path):
    out = tmp_path / "out"
    run(classroom, out)
    mark(out, "ann", 2.5, comment="Good <b>thinking</b>.")
    mark(out, "bob", 1.0, "tokens-q1-check")
    done = run(classroom, out)
    assert (done.graded, done.kept, done.to_mark) == (0, 3, 0)
    assert {name: row["score"] for name, row in table(out).items()} == {"ann": "6.5", "bob": "1.0", "eve": "0.0"}
    page = (out / "feedback" / "ann" / SLUG / f"{SLUG}.html").read_text(encoding="utf-8")
    assert "Good &lt;b&gt;thinking&lt;/b&gt;." in page and "6.5" in page
    hand_in(classroom, "ann", q1=RIGHT["q1"], q6="Measure first.")  # another answer to q5, the same to q6
    done = run(classroom, out)
    assert (done.graded, done.to_mark, table(out)["ann"]["score"]) == (1, 0, "4.5")
    hand_in(classroom, "ann", q1=RIGHT["q1"], q6="I changed my mind.")
    assert run(classroom, out).to_mark == 1


def test_only_what_changed_is_graded_again(classroom, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(classroom, out)
    asked = []

    def watched(jobs):
        for job, result in serial(jobs):
            asked.append(job.student)
            yield job, result

    run(classroom, out, watched)
    assert asked == []
    hand_in(classroom, "bob", q5=RIGHT["q5"])
    run(classroom, out, watched)
    assert asked == ["bob"]
    run(classroom, out, watched, again=True)
    assert sorted(asked[1:]) == ["ann", "bob", "eve"]
    mended = labs.load(SLUG)
    monkeypatch.setattr(labs, "load", lambda slug: labs.Lab(mended.slug, mended.questions, mended.cells, "1" * 64))
    del asked[:]
    run(classroom, out, watched)
    assert sorted(asked) == ["ann", "bob", "eve"], "a mended check: all of them"


def test_a_stop_at_any_moment_loses_and_repeats_nothing(classroom, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(classroom, whole)
    asked = []

    def stopping(jobs):
        for job, result in serial(jobs):
            asked.append(job.student)
            yield job, result
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(classroom, out, stopping)
    run(classroom, out)
    assert sorted(asked) == ["ann", "bob", "eve"]
    keep = [name for name in table(whole)["ann"] if name not in ("received", "handed_in")]
    assert [{n: row[n] for n in keep} for row in table(whole).values()] == [
        {n: row[n] for n in keep} for row in table(out).values()
    ]


def test_a_lost_gradebook_is_filled_again(classroom, tmp_path):
    out = tmp_path / "out"
    run(classroom, out)
    before = (out / "grades.csv").read_text()
    assert before.startswith("\ufeffstudent,"), "Excel knows it for UTF-8"
    (out / "gradebook.db").unlink()
    assert run(classroom, out).graded == 0
    assert (out / "grades.csv").read_text() == before


def test_a_damaged_result_is_made_again(classroom, tmp_path):
    out = tmp_path / "out"
    run(classroom, out)
    (out / "results" / SLUG / "ann.json").write_text('{"key": "tru')
    assert run(classroom, out).graded == 1


def test_two_at_once_are_refused(classroom, tmp_path):
    def second(jobs):
        with pytest.raises(CourseError, match="Another aigc grade"):
            run(classroom, tmp_path / "out")
        yield from serial(jobs)

    run(classroom, tmp_path / "out", second)


def test_what_could_not_be_graded_is_named_and_tried_again(classroom, tmp_path):
    out = tmp_path / "out"

    def failing(jobs):
        for job in jobs:
            yield (
                job,
                RuntimeError("worker lost")
                if job.student == "ann"
                else work.grade(*job.load(), factory=InProcessKernel),
            )

    done = run(classroom, out, failing)
    assert done.failed == [("ann", "worker lost")] and "ann" not in table(out)
    assert run(classroom, out).graded == 1 and "ann" in table(out)


def test_a_file_that_changes_meanwhile(classroom, tmp_path):
    def meddling(jobs):
        for job in jobs:
            hand_in(classroom, "ann", q5=RIGHT["q5"])
            yield job, work.grade(*job.load(), factory=InProcessKernel)

    done = run(classroom, tmp_path / "out", meddling)
    assert [name for name, _ in done.failed] == ["ann"]


def test_the_late_rule(classroom, tmp_path):
    out, when = tmp_path / "out", datetime(2026, 11, 20, 12, tzinfo=UTC)
    rule = LateRule(when, 10.0)
    assert [rule.days(when + timedelta(hours=h)) for h in (-1, 0, 1, 24, 25)] == [0, 0, 1, 1, 2]
    assert rule.penalty(8.0, when + timedelta(days=20)) == 8.0 and LateRule().penalty(8.0, when) == 0.0
    (classroom / "ann" / SLUG / "timestamp.txt").write_text("2026-11-21 13:00:00 UTC")
    (classroom / "bob" / SLUG / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC")
    run(classroom, out, late=rule)
    mark(out, "ann", 3.0)
    run(classroom, out, late=rule)
    rows = table(out)
    assert (rows["ann"]["score"], rows["ann"]["late_days"], rows["ann"]["late_penalty"]) == ("5.6", "2", "1.4")
    assert rows["bob"]["late_days"] == "0"
    assert "Days late: 2" in (out / "feedback" / "ann" / SLUG / f"{SLUG}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-30T18:00+08:00", "2026-11-30T10:00:00+00:00"),
        ("2026-11-30T18:00Z", "2026-11-30T18:00:00+00:00"),
    ],
)
def test_deadlines(text, utc):
    assert deadline(text).isoformat() == utc
    assert deadline("2026-11-30").astimezone().time().isoformat() == "23:59:59"
    with pytest.raises(CourseError, match="Cannot read the deadline"):
        deadline("tomorrow")


def test_receipts_only_grow_and_show_changes(tmp_path):
    path, now = tmp_path / "receipts.jsonl", datetime.now(UTC)
    first = Receipts(path).give(SLUG, "ann", b"1", now)
    assert Receipts(path).give(SLUG, "ann", b"1", now + timedelta(days=9)) == first
    Receipts(path).give(SLUG, "ann", b"2", now)
    with open(path, "ab") as file:
        file.write(b'{"killed in the mid')
    Receipts(path).give(SLUG, "bob", b"1", now)
    assert len(path.read_bytes().splitlines()) == 3
    path.write_bytes(path.read_bytes().replace(b'"ann"', b'"zoe"', 1))
    with pytest.raises(CourseError, match="was changed"):
        Receipts(path)


def test_a_gradebook_with_other_questions_is_refused(classroom, tmp_path):
    out, lab = tmp_path / "out", labs.load(SLUG)
    run(classroom, out)
    with pytest.raises(CourseError, match="questions of lab tokens have changed"):
        Book(out / "gradebook.db", labs.Lab(SLUG, lab.questions[1:], lab.cells, lab.hash), None)


# --- likeness ------------------------------------------------------------------------------------------------------


def test_like_answers_are_found_whatever_names_and_comments():
    one = RIGHT["q1"]
    renamed = one.replace("counts", "zz").replace("most", "m").replace("def best_pair", "# mine\n\n\ndef best_pair")
    near = one.replace("    most =", "    print(words)\n    most =")
    other = "def best_pair(words):\n" + "".join(
        f"    a{i} = [words[k] * {i} for k in words if k > '{i}']\n" for i in range(9)
    )
    found = similarity.alike(
        "q", {"a": one, "b": renamed, "c": other, "d": "return 1", "e": "return 1", "f": near}, 0.8
    )
    assert [(group.kind, group.students) for group in found] == [("form", ("a", "b")), ("near", ("a", "b", "f"))]
    assert similarity.alike("q", {"a": one, "b": one})[0].kind == "text"
    assert similarity.alike("q", {"a": one, "b": one}, stubs=(one,)) == []
    assert similarity.alike("q", dict.fromkeys("abcdefg", one))[0].kind == "common"
    text = similarity.report(found)
    assert text.splitlines()[1] == "q,form,1.0,2,a; b"


@pytest.mark.parametrize("odd", ["(" * 5000, "\x00", "x = " + "-" * 20_000 + "1", ""])
def test_answers_that_do_not_parse_do_no_harm(odd):
    assert similarity.alike("q", {"a": odd, "b": odd}) == []


def test_prose_is_compared_by_its_characters():
    text = "先量一量，再决定。" * 20
    found = similarity.alike("q", {"a": text, "b": text.replace("，", "、"), "c": "别的" * 50}, prose=True)
    assert [(one.kind, one.students) for one in found] == [("form", ("a", "b"))]


# --- release and the command line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("lesson", LABS, ids=lambda one: one.slug)
def test_a_release_holds_no_solution_and_validates(tmp_path, lesson, lang):
    written = release(lesson.slug, lang, tmp_path / "to")
    assert sorted(path.name for path in (tmp_path / "to").rglob("*")) == ["README.md", f"{lesson.slug}.ipynb"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in written)
    notebook = nbformat.read(written[0], as_version=4)
    nbformat.validate(notebook)
    shown = "\n".join(cell.source for cell in notebook.cells)
    cells = source.read(lesson.slug, lesson.lab_source).cells
    given = {line.strip() for cell in cells if not (cell.check or cell.manual) for line in cell.text.splitlines()}
    for cell in cells:
        if not (cell.check or cell.manual):
            continue
        marked = cell.text[cell.text.index("### BEGIN") : cell.text.index("### END")].splitlines()[1:]
        for line in {line.strip() for line in marked} - given - {""}:
            assert line not in shown.splitlines() and (len(line) < 12 or line not in shown), line
    assert "SOLUTION" not in text
    for other in {one.slug for one in LABS} - {lesson.slug, "reasoning"}:
        assert f"{other}.q" not in text
    from nbgrader.nbgraderformat import MetadataValidator

    MetadataValidator().validate_nb(notebook)
    assert lesson.slug in written[1].read_text(encoding="utf-8")


def test_a_release_does_not_write_over_a_students_work(tmp_path):
    release(SLUG, "zh", tmp_path)
    release(SLUG, "zh", tmp_path)
    (tmp_path / f"{SLUG}.ipynb").write_text("mine")
    with pytest.raises(CourseError, match="is there already"):
        release(SLUG, "zh", tmp_path)
    release(SLUG, "en", tmp_path, force=True)
    with pytest.raises(CourseError, match="has no lab"):
        release("start", "zh", tmp_path)


def aigc(*words):
    return CliRunner().invoke(cli.main, list(map(str, words)))


def test_the_commands(tmp_path, classroom, monkeypatch):
    from aigc_course.grading.kernels import sandbox

    assert aigc("release", SLUG, "--lang", "en", "--to", tmp_path / "r").exit_code == 0
    asked = []
    summary = grading.Summary(graded=2, table=tmp_path / "grades.csv")
    monkeypatch.setattr(grading, "grade", lambda path, settings: asked.append((path, settings)) or summary)
    force = {"namespaces": None, "landlock": 0, "seccomp": True, "own_uid": False}
    monkeypatch.setattr(sandbox, "report", lambda: force)
    words = ["--lab", SLUG, "--out", tmp_path / "o", "--workers", 3, "--seed", "x", "--due", "2026-11-30T00:00Z"]
    shown = aigc("grade", classroom, *words, "--late-per-day", 20)
    assert shown.exit_code == 0 and "no namespaces" in shown.stdout and "2 graded" in shown.stdout
    ((path, settings),) = asked
    assert (path, settings.slug, settings.workers, settings.seed) == (classroom, SLUG, 3, "x")
    assert settings.late == LateRule(datetime(2026, 11, 30, tzinfo=UTC), 20.0)
    summary.failed = [("ann", "why")]
    assert aigc("grade", classroom, "--lab", SLUG, "--out", tmp_path / "o").exit_code == 1

    def stopped(path, settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(grading, "grade", stopped)
    shown = aigc("grade", classroom, "--lab", SLUG, "--out", tmp_path / "o")
    assert shown.exit_code == 130 and "Stopped" in shown.stdout
    assert aigc("grade", classroom, "--lab", "tokenz", "--out", tmp_path / "o").exit_code == 2
    for words, why in ((["--late-per-day", 20], "needs a deadline"), (["--seed", ""], "--seed is empty")):
        shown = aigc("grade", classroom, "--lab", SLUG, "--out", tmp_path / "o", *words)
        assert shown.exit_code == 2 and why in shown.stderr
    shown = aigc("release", SLUG, "--lang", "en", "--to", "/proc/nowhere")
    assert shown.exit_code == 2 and "choose another folder with --to" in shown.stderr


def test_the_closing_words_in_both_languages(tmp_path, capsys):
    from rich.console import Console

    summary = grading.Summary(1, 2, 3, 4, [("ann", "[b]why")], 5, tmp_path / "grades.csv")
    for lang, word in (("zh", "等人批改"), ("en", "To mark by hand")):
        i18n.set_lang(lang)
        labels.summary(summary, Console(width=200))
        out = capsys.readouterr().out
        assert word in out and "[b]why" in out


def test_the_solved_lab_of_this_course_is_read_as_it_is():
    text = source.read(SLUG, course.lesson(SLUG).lab_source)
    solved = editions.lab_edition(text, "en", solved=True)
    assert cell_of(solved, "tokens-q1-check").source == 'check("tokens.q1")'
