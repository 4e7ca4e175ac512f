"""nbgrader's gradebook: filled by one writer through nbgrader's API, and read back for what people marked in it."""

import json
import os
import sys
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from aigc_course.book.editions import KERNELSPEC
from aigc_course.errors import CourseError
from aigc_course.grading.lab import Lab
from aigc_course.i18n import get_lang

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nbgrader's own imports warn
    from nbgrader import api
    from sqlalchemy.exc import SAWarning


@dataclass
class Marks:
    """What the gradebook says of one submission, by grade_id. scores: as they count now. open: to be marked by a
    person. comments: a person's, by the id of the answer's cell."""

    auto: dict[str, float | None] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.scores.values())


class Book:
    """The gradebook at `path` with one lab in it. Close it after use."""

    def __init__(self, path: Path, lab: Lab, due: datetime | None):
        self.lab = lab
        if not path.exists():
            _create(path)
        self.api = api.Gradebook(f"sqlite:///{path}")
        self.api.update_or_create_assignment(lab.slug, **({"duedate": _naive(due)} if due else {}))
        self._cells()

    def close(self) -> None:
        self.api.close()

    def _cells(self) -> None:
        slug = self.lab.slug
        try:
            known = {cell.name for cell in self.api.find_notebook(slug, slug).grade_cells}
        except api.MissingEntry:
            known = set()
            self.api.add_notebook(slug, slug, kernelspec=json.dumps(KERNELSPEC))
        wanted = {asked.grade_id for asked in self.lab.questions}
        if known and known != wanted and self.api.assignment_submissions(slug):
            raise CourseError(
                f"练习 {slug} 的题目变了，这本成绩册里已经有按旧题目评的分：请用 --out 换一个文件夹。",
                f"The questions of lab {slug} have changed, and this gradebook has grades for the old ones: choose "
                "another folder with --out.",
            )
        for asked in self.lab.questions:
            kind = self.lab.cells[asked.grade_id].kind
            self.api.update_or_create_grade_cell(
                asked.grade_id, slug, slug, max_score=float(asked.points), cell_type=kind
            )
            self.api.update_or_create_solution_cell(asked.answer_id, slug, slug)
        for name, cell in self.lab.cells.items():
            self.api.update_or_create_source_cell(
                name, slug, slug, cell_type=cell.kind, locked=cell.locked, source=cell.sources[get_lang()]
            )

    def record(self, student: str, result: dict, before: dict | None, handed_in: datetime) -> None:
        """Put a result into the book. A person's mark stays; it is to be looked at again where the answer is another
        than in the result `before`."""
        slug = self.lab.slug
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of how nbgrader builds a submission
            self.api.update_or_create_student(student)
            submission = self.api.update_or_create_submission(slug, student, timestamp=_naive(handed_in))
        (notebook,) = submission.notebooks
        old = {one["grade_id"]: one["answer"] for one in before["questions"]} if before else {}
        by_grade = {one["grade_id"]: one for one in result["questions"]}
        for grade in notebook.grades:
            one = by_grade[grade.name]
            grade.auto_score = one["points"]
            same = old.get(grade.name) == one["answer"]
            if grade.manual_score is None:
                grade.needs_manual_grade = one["points"] is None
            elif not same:
                grade.needs_manual_grade = True
        hints = {asked.answer_id: by_grade[asked.grade_id]["hint"] for asked in self.lab.questions}
        for comment in notebook.comments:
            comment.auto_comment = hints[comment.name] or None
        self.api.db.commit()

    def penalise(self, student: str, penalty: float) -> None:
        """Set what is taken off for being late."""
        notebook = self.api.find_submission_notebook(self.lab.slug, self.lab.slug, student)
        if (notebook.late_submission_penalty or 0.0) != penalty:
            notebook.late_submission_penalty = penalty
            self.api.db.commit()

    def marks(self) -> dict[str, Marks]:
        """By student, in a few queries however many there are."""
        found: dict[str, Marks] = {}
        query = (
            self.api.db.query(api.SubmittedAssignment.student_id, api.SubmittedNotebook, api.Grade, api.BaseCell.name)
            .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
            .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .filter(api.Assignment.name == self.lab.slug)
        )
        for student, notebook, grade, name in query:
            marks = found.setdefault(student, Marks(penalty=notebook.late_submission_penalty or 0.0))
            marks.auto[name], marks.scores[name] = grade.auto_score, float(grade.score or 0.0)
            if grade.needs_manual_grade:
                marks.open.add(name)
        comments = (
            self.api.db.query(api.SubmittedAssignment.student_id, api.Comment.manual_comment, api.BaseCell.name)
            .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Comment, api.Comment.notebook_id == api.SubmittedNotebook.id)
            .join(api.BaseCell, api.BaseCell.id == api.Comment.cell_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .filter(api.Assignment.name == self.lab.slug, api.Comment.manual_comment.is_not(None))
        )
        for student, text, name in comments:
            found[student].comments[name] = text
        self.api.db.rollback()  # ends the reading, so that formgrader can write
        return found


def _create(path: Path) -> None:
    """An empty gradebook, whole or not at all: a killed run must leave no half of one."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    # nbgrader asks the program `alembic` for a version; it stands beside this Python
    places = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    with patch.dict(os.environ, PATH=places):
        api.Gradebook(f"sqlite:///{part}").close()
    part.rename(path)


def _naive(when: datetime) -> datetime:
    """UTC without saying so, as nbgrader keeps it."""
    return when.astimezone(UTC).replace(tzinfo=None)
