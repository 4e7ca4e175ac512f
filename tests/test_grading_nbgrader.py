"""nbgrader autograde as the oracle: the same points, question by question, on honest submissions of every lab."""

import json
import shutil
import warnings
from pathlib import Path

import nbformat
import pytest
from in_process import InProcessKernel

from aigc_course import course
from aigc_course.book import editions, source
from aigc_course.grading import grade as grading
from aigc_course.grading import gradebook, work
from aigc_course.grading import lab as labs

ANSWERS = Path(__file__).parent / "answers"
LEFT_OUT = ("measure", "guess", "reveal", "held")
LABS = [one for one in course.load().lessons if "lab" in one.parts]


def submissions(lesson) -> dict[str, nbformat.NotebookNode]:
    """Half of it wrong; of the first lab also solved, and not touched. What only measures is left out: it is slow."""
    text = source.read(lesson.slug, lesson.lab_source)
    solved = editions.lab_edition(text, "en", solved=True)
    untouched = editions.lab_edition(text, "en")  # nbgrader knows the stub of one edition only
    mixed = editions.lab_edition(text, "zh", solved=True)
    for number in (1, 2):
        wrong = sorted((ANSWERS / lesson.slug).glob(f"q{number}_wrong_*.py"))[number]
        cell = next(
            c for c in mixed.cells if c.metadata.get("nbgrader", {}).get("grade_id") == f"{lesson.slug}-q{number}"
        )
        cell.source = wrong.read_text(encoding="utf-8")
    made = {"mixed": mixed} | ({"solved": solved, "untouched": untouched} if lesson == LABS[0] else {})
    for notebook in made.values():
        notebook.cells = [cell for cell in notebook.cells if cell.id.rpartition("-")[2] not in LEFT_OUT]
    return made


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """nbgrader's course folder, and its own API to work in it."""
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import Config

    folder = tmp_path_factory.mktemp("theirs")
    gradebook._create(folder / "empty.db")
    shutil.copy(folder / "empty.db", folder / "gradebook.db")
    # the warm kernel: what is compared is points, not kernels
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "aigc-warm")
        # it puts a stub of its own where it finds no marked solution, and then takes ours for an answer
        stub = {"text_stub": editions._STUB_PROSE["en"]}
        yield NbGraderAPI(config=Config(CourseDirectory={"root": str(folder)}, ClearSolutions=stub))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lesson", LABS, ids=lambda one: one.slug)
def test_the_points_are_nbgraders(tmp_path, theirs, lesson):
    slug, root, ours = lesson.slug, Path(theirs.coursedir.root), tmp_path / "ours"
    made = {f"source/{slug}/{slug}.ipynb": labs.released(slug, "en")}
    made |= {f"submitted/{name}/{slug}/{slug}.ipynb": one for name, one in submissions(lesson).items()}
    for path, notebook in made.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, root / path)
    for done in (theirs.generate_assignment(slug), *(theirs.autograde(slug, name) for name in submissions(lesson))):
        assert done["success"], done
    ours.mkdir()
    shutil.copy(root / "empty.db", ours / "gradebook.db")  # nbgrader takes seconds to make one

    def serial(jobs):
        for job in jobs:
            yield job, work.grade(*job.load(), factory=InProcessKernel)

    grading.grade(root / "submitted", grading.Settings(slug, ours), serial)
    expected, found = (_points(folder / "gradebook.db", slug) for folder in (root, ours))
    assert found == expected
    assert expected["mixed"][f"{slug}-q1-check"] == (0.0, False)
    assert any(points for points, _ in expected["mixed"].values())
    if lesson == LABS[0]:
        assert expected["solved"][f"{slug}-q1-check"] == (labs.load(slug).questions[0].points, False)
        assert expected["untouched"][f"{slug}-q6"] == (0.0, False)
    result = json.loads((ours / "results" / slug / "mixed.json").read_text(encoding="utf-8"))
    points = {one["grade_id"]: one["points"] for one in result["questions"]}
    assert points == {name: auto for name, (auto, _) in expected["mixed"].items()}


def _gradebook(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nbgrader.api import Gradebook
    return Gradebook(f"sqlite:///{path}")


def _points(path, slug) -> dict:
    """(points or None, whether a person must mark) of each question of each student."""
    with _gradebook(path) as book:
        return {
            one.student.id: {g.name: (g.auto_score, g.needs_manual_grade) for nb in one.notebooks for g in nb.grades}
            for one in book.assignment_submissions(slug)
        }
