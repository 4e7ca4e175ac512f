"""Grading a class: `aigc grade` against `nbgrader autograde` on the same hundred files, and how it grows to a thousand.

The lab is `tokens`, and each notebook also imports torch, transformers and diffusers, as many labs do. Ninety students
are honest: solved, half wrong, or untouched, in both languages; each file differs from all others. Ten mean harm, with
such attacks of tests/hostile as do no harm where nothing holds them, since nbgrader runs them unprotected. Both
run as a user runs them, from the command line, start-up and feedback or gradebook included, and take turns: nbgrader
grades half the class, ours all of it, nbgrader the other half. Nothing is warm when ours starts.

The thousand are honest files of two questions. How many are done and how much memory the driver holds is looked at all
the time.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from aigc_course import course
from aigc_course.book import editions, source
from aigc_course.grading import lab as labs

SLUG = "tokens"
STUDENTS, MANY = 100, 1000
ATTACKS = (
    "ast_transformer",
    "base_exception",
    "equal_to_all",
    "exit_quietly",
    "lying_names",
    "not_a_number",
    "own_loop",
    "patched_builtins",
    "polite_loop",
    "system_exit",
)
IMPORTS = "import torch, transformers, diffusers"
TESTS = Path(__file__).resolve().parent.parent / "tests"
BIN = Path(sys.executable).parent
CONFIG = """c = get_config()
c.CourseDirectory.root = {root!r}
c.ClearSolutions.text_stub = {stub!r}
"""


def grade_id(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def harmful(number: int) -> bool:
    """Whether student `number` means harm: one in ten, scattered over the class."""
    return number % 10 == 4


def student(number: int) -> nbformat.NotebookNode:
    """The notebook of student `number` of the hundred."""
    text, rng = source.read(SLUG, course.lesson(SLUG).lab_source), random.Random(number)
    notebook = editions.lab_edition(text, ("zh", "en")[number % 2], solved=number % 10 != 9)
    answers = {grade_id(cell): cell for cell in notebook.cells}
    if number % 3 == 1:
        for question in ("q1", "q2"):
            wrong = rng.choice(sorted((TESTS / "answers" / SLUG).glob(f"{question}_wrong_*.py")))
            answers[f"{SLUG}-{question}"].source = wrong.read_text(encoding="utf-8")
    if harmful(number):
        attack = TESTS / "hostile" / f"{ATTACKS[number // 10]}.py"
        answers[f"{SLUG}-q1"].source = attack.read_text(encoding="utf-8")
    answers[f"{SLUG}-q1"].source += f"\n# {rng.random()}"
    notebook.cells.insert(1, nbformat.v4.new_code_cell(IMPORTS, id="imports"))
    return notebook


def short(number: int) -> nbformat.NotebookNode:
    """One of the thousand: two questions only, answered rightly."""
    notebook = student(30 * number)
    kept = {f"{SLUG}-{name}{end}" for name in ("q1", "q5") for end in ("", "-check")}
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) in kept]
    notebook.cells[0].source += f"\n# {number}"
    return notebook


def submit(notebooks: dict[str, nbformat.NotebookNode], root: Path) -> Path:
    """nbgrader's tree of submissions under `root`."""
    for name, notebook in notebooks.items():
        path = root / "submitted" / name / SLUG / f"{SLUG}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return root / "submitted"


def run(command: list, folder: Path, fine: tuple[int, ...] = (0,)) -> float:
    """Seconds that a command takes; its words are shown only where it fails."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])  # nbgrader looks for a program that stands beside it
    start = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, env=os.environ | {"PATH": path}
    )
    seconds = time.perf_counter() - start
    if done.returncode not in fine:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return seconds


def ours(submitted: Path, out: Path) -> list:
    return [BIN / "aigc", "grade", submitted, "--lab", SLUG, "--out", out, "--workers", os.cpu_count(), "--seed", "1"]


def points(path: Path) -> dict[tuple[str, str], tuple]:
    """(automatic points, whether a person must look) by student and question, of a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}") as book:
        return {
            (one.student.id, grade.name): (grade.auto_score, grade.needs_manual_grade)
            for one in book.assignment_submissions(SLUG)
            for notebook in one.notebooks
            for grade in notebook.grades
        }


def against_nbgrader(root: Path) -> dict[str, float]:
    """The hundred."""
    names = [f"s{number:03}" for number in range(STUDENTS)]
    submitted = submit({name: student(number) for number, name in enumerate(names)}, root)
    (root / "source" / SLUG).mkdir(parents=True)
    nbformat.write(labs.released(SLUG, "en"), root / "source" / SLUG / f"{SLUG}.ipynb")
    config = CONFIG.format(root=str(root), stub=editions._STUB_PROSE["en"])
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    run([BIN / "nbgrader", "generate_assignment", SLUG, "--force"], root)
    halves = ("s0[02468]?", "s0[13579]?")  # of each kind of student as many
    theirs, mine = [], []
    for half in halves:
        theirs.append(run([BIN / "nbgrader", "autograde", SLUG, f"--student={half}"], root, fine=(0, 1)))
        print(f"nbgrader {theirs[-1]:.0f} s for half of them", flush=True)
        mine.append(run(ours(submitted, root / f"ours-{len(mine)}"), root, fine=(0, 1)))
        print(f"aigc grade {mine[-1]:.0f} s for all", flush=True)
    honest = {name for number, name in enumerate(names) if not harmful(number)}
    expected, found = (
        {key: value for key, value in points(path / "gradebook.db").items() if key[0] in honest}
        for path in (root, root / "ours-0")
    )
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (root / "ours-0" / "results" / SLUG).iterdir()]
    taken = sorted(one["seconds"] for one in results if one["student"] in honest)
    return {
        "submissions": STUDENTS,
        "nbgrader_s_each": round(sum(theirs) / STUDENTS, 2),
        "ours_s_each": round(statistics.mean(mine) / STUDENTS, 2),
        "ratio": round(sum(theirs) / statistics.mean(mine), 1),
        "ours_honest_median_s": round(statistics.median(taken), 2),
        "ours_honest_worst_s": round(taken[-1], 2),
        "honest_questions_compared": len(expected),
        "honest_questions_that_differ": sum(found.get(key) != value for key, value in expected.items()),
        "points_got_by_attacks": sum(
            question["points"] or 0
            for one in results
            if one["student"] not in honest
            for question in one["questions"]
            if question["id"] == f"{SLUG}.q1"
        ),
    }


def watched(command: list, out: Path, total: int) -> list[tuple[int, float, float]]:
    """(submissions done, seconds, MB that the driver holds) at each tenth of the way."""
    seen, start = [], time.perf_counter()
    driver = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(driver.stderr.read()), daemon=True)
    reader.start()
    process = psutil.Process(driver.pid)
    while driver.poll() is None:
        done = len(list((out / "results" / SLUG).glob("*.json"))) if out.exists() else 0
        if done >= (len(seen) + 1) * total // 10:
            seen.append((done, time.perf_counter() - start, process.memory_info().rss / 2**20))
        time.sleep(0.2)
    reader.join()
    if driver.returncode:
        raise SystemExit(f"aigc grade ended with {driver.returncode}:\n{said}")
    return seen


def growth(root: Path) -> dict[str, float | list]:
    """The thousand."""
    out = root / "many"
    submitted = submit({f"s{number:04}": short(number) for number in range(MANY)}, root / "thousand")
    seen = watched(ours(submitted, out), out, MANY)
    half, full = seen[len(seen) // 2 - 1], seen[-1]
    return {
        "many": MANY,
        "many_done": [done for done, _, _ in seen],
        "many_seconds": [round(seconds) for _, seconds, _ in seen],
        "many_driver_mb": [round(memory) for _, _, memory in seen],
        "many_second_half_over_first": round((full[1] - half[1]) / half[1], 2),
        "many_driver_mb_grown": round(full[2] - seen[0][2]),
    }


def main() -> dict:
    """Measure, print, and return seconds for each submission of both, their ratio, and what a thousand take."""
    with tempfile.TemporaryDirectory() as name:
        result = against_nbgrader(Path(name) / "class")
    with tempfile.TemporaryDirectory() as name:
        result |= growth(Path(name))
    print(result)
    return result


if __name__ == "__main__":
    main()
