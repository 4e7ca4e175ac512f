"""The grading folder: where results, pages and notebooks lie, each written whole or not at all."""

import csv
import io
import json
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import nbformat

from aigc_course.book.editions import KERNELSPEC
from aigc_course.files import write_whole
from aigc_course.grading.gradebook import Marks
from aigc_course.grading.lab import Lab, released
from aigc_course.i18n import get_lang

# nbgrader's export would write over our grades.csv
CONFIG = """import os

c = get_config()
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.ExportPlugin.to = "gradebook.csv"
"""


class Store:
    """The folder `out` as nbgrader's course folder, with what nbgrader has no place for beside it."""

    def __init__(self, out: Path, lab: Lab):
        self.out, self.lab = out, lab
        self.results = out / "results" / lab.slug
        self.results.mkdir(parents=True, exist_ok=True)

    def secret(self, seed: str | None) -> bytes:
        """What hidden inputs are drawn from: made from `seed`, else drawn once for this lab. It is kept, so that a run
        without a seed goes on with that of the last one."""
        path = self.out / "seeds" / f"{self.lab.slug}.txt"
        if seed is not None or not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            drawn = secrets.token_hex(32) if seed is None else sha256(f"{self.lab.slug}/{seed}".encode()).hexdigest()
            write_whole(path, drawn, mode=0o600)
        return bytes.fromhex(path.read_text(encoding="ascii"))

    def result(self, student: str) -> dict | None:
        """The stored result, or None where there is none that is whole."""
        try:
            found = json.loads((self.results / f"{student}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "key" in found else None

    def all_results(self) -> Iterator[dict]:
        """Every stored result, one at a time, in order of the students' names."""
        for path in sorted(self.results.glob("*.json")):
            found = self.result(path.name.removesuffix(".json"))
            if found:
                yield found

    def put(self, result: dict) -> None:
        """Store a result and the notebook that formgrader shows for it."""
        student = result["student"]
        _write(self.results / f"{student}.json", json.dumps(result, ensure_ascii=False, indent=1) + "\n")

    def put_notebook(self, result: dict) -> None:
        """The graded notebook where nbgrader's formgrader looks for it: verdicts stand as outputs of the checks."""
        _write(self._nbgrader("autograded", result["student"], "ipynb"), nbformat.writes(_notebook(result, self.lab)))

    def put_page(self, student: str, page: str) -> None:
        """The feedback, where nbgrader keeps its own. Its release_feedback wants two files more: instructors' guide."""
        _write(self._nbgrader("feedback", student, "html"), page)

    def _nbgrader(self, step: str, student: str, kind: str) -> Path:
        return self.out / step / student / self.lab.slug / f"{self.lab.slug}.{kind}"

    def put_table(self, rows: list[dict]) -> Path:
        """grades.csv of the lab graded last, and the same under the lab's name. A byte order mark stands in front, or
        Excel takes Chinese for something else."""
        file = io.StringIO()
        names = ["student", "score", "max_score", "to_mark", "late_days", "late_penalty", "problem"]
        names += [asked.id for asked in self.lab.questions] + ["handed_in", "received", "sha256"]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = "\ufeff" + file.getvalue()
        _write(self.out / "grades" / f"{self.lab.slug}.csv", text)
        _write(self.out / "grades.csv", text)
        return self.out / "grades.csv"

    def put_report(self, text: str) -> Path:
        path = self.out / "similarity" / f"{self.lab.slug}.csv"
        _write(path, text)
        return path

    def configure(self) -> None:
        """Make this a course folder of nbgrader's, if it is none yet. Formgrader lists what has a source."""
        slug = self.lab.slug
        texts = {
            self.out / "nbgrader_config.py": CONFIG,
            self.out / "source" / slug / f"{slug}.ipynb": nbformat.writes(released(slug, get_lang())),
        }
        for path, text in texts.items():
            if not path.exists():
                _write(path, text)


def _write(path: Path, text: str) -> None:
    """Where the file says the same already nothing is written."""
    data = text.encode("utf-8", "replace")
    if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data.decode())


def total(result: dict, marks: Marks) -> float:
    """The points that count now."""
    return max(0.0, marks.total - result["late"]["penalty"])


def row(result: dict, marks: Marks) -> dict:
    """One line of grades.csv."""
    return {
        "student": result["student"],
        "score": round(result["total"], 6),
        "max_score": result["max_score"],
        "to_mark": len(marks.open),
        "late_days": result["late"]["days"],
        "late_penalty": result["late"]["penalty"],
        "problem": result["problem"],
        **{
            one["id"]: "" if one["grade_id"] in marks.open else marks.scores.get(one["grade_id"], 0.0)
            for one in result["questions"]
        },
        "handed_in": result["handed_in"],
        "received": result["receipt"]["received"],
        "sha256": result["sha256"],
    }


def _notebook(result: dict, lab: Lab) -> nbformat.NotebookNode:
    """The submission's cells with nbgrader's marks and the verdicts. Cells that were missing stand at the end."""
    verdicts = {one["grade_id"]: one for one in result["questions"]}
    answers = {asked.answer_id for asked in lab.questions}
    cells = [tuple(cell) for cell in result["cells"]]
    there = {name for _, _, name in cells}
    for name, cell in lab.cells.items():
        if name not in there and (name in verdicts or name in answers):
            cells.append((cell.kind, "" if name in answers else cell.sources[result["lang"]], name))
    makers = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}
    made = []
    for number, (kind, text, name) in enumerate(cells):
        metadata = {"nbgrader": _marks(lab, name, verdicts.get(name), name in answers)} if name else {}
        cell = makers.get(kind, nbformat.v4.new_markdown_cell)(text, metadata=metadata, id=f"cell-{number}")
        if kind == "code" and name in verdicts:
            said = f"{'✓' if verdicts[name]['passed'] else '✗'} {verdicts[name]['hint']}\n{verdicts[name]['example']}"
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said.strip() + "\n")]
        made.append(cell)
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=made, metadata=metadata)


def _marks(lab: Lab, name: str, verdict: dict | None, answer: bool) -> dict:
    """nbgrader's metadata of a known cell."""
    marks = {"grade_id": name, "schema_version": 3, "task": False, "grade": verdict is not None, "solution": answer}
    points = {"points": verdict["max_points"]} if verdict else {}
    return marks | {"locked": lab.cells[name].locked} | points
