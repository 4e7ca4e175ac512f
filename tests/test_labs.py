"""Each lab with its solutions filled in runs from top to bottom, and every check in it says ✓."""

import nbformat
import pytest

from aigc_course import course
from aigc_course.book import editions, run, source

LABS = [lesson for lesson in course.load().lessons if "lab" in lesson.parts]


@pytest.mark.parametrize("lesson", LABS, ids=[lesson.slug for lesson in LABS])
def test_the_solved_lab_passes_its_own_checks(lesson, tmp_path):
    """In a kernel of its own and in English; test_checks runs the same cells in Chinese."""
    text = source.read(lesson.slug, lesson.lab_source)
    path = tmp_path / "lab.ipynb"
    nbformat.write(editions.lab_edition(text, "en", solved=True), path)
    done = run.execute(path, {"lang": "en"})
    verdicts = [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in done.cells
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    ]
    assert len(verdicts) == sum(bool(cell.check) for cell in text.cells) >= 3
    assert [v for v in verdicts if not v.startswith("✓")] == []
    assert any(cell.manual for cell in text.cells)
