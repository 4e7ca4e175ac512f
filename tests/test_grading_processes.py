"""The real thing, small: `aigc grade` in processes and sandboxes, killed in the middle; the same work on Dask."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from test_grading_hostile import small
from test_grading_work import RIGHT

from aigc_course.errors import CourseError
from aigc_course.grading import grade as grading
from aigc_course.grading import gradebook, pools

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
AIGC = Path(sys.executable).with_name("aigc")
CLASS = {
    "ann": RIGHT["q1"],
    "bob": "def best_pair(words):\n    return None",
    "dan": "import os\nos._exit(3)",
    "eve": RIGHT["q1"],
}
SCORES = {"ann": "4.0", "bob": "2.0", "dan": "2.0", "eve": "4.0"}


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "in").mkdir()
    for name, code in CLASS.items():
        (tmp_path / "in" / f"{name}.ipynb").write_bytes(small(q1=code, q5=RIGHT["q5"]))
    (tmp_path / "out").mkdir()
    gradebook._create(tmp_path / "out" / "gradebook.db")
    return tmp_path / "in", tmp_path / "out"


def scores(out):
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row["score"] for row in csv.DictReader(file)}


def results(out):
    return {path.stem: path.stat().st_mtime_ns for path in (out / "results" / "tokens").glob("*.json")}


def test_killed_in_the_middle_and_started_again(folders):
    inside, out = folders
    command = [AIGC, "grade", inside, "--lab", "tokens", "--out", out, "--workers", "2", "--seed", "5"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 250
    while not results(out) and time.monotonic() < end:
        time.sleep(0.05)
    workers = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert psutil.wait_procs(workers, timeout=20)[1] == [], "what it had started ends with it"
    done = results(out)
    assert 1 <= len(done) < 4
    shown = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert shown.returncode == 0, shown.stderr
    assert f"{4 - len(done)} graded, {len(done)} had a result" in shown.stdout
    assert scores(out) == SCORES
    kept = json.loads((out / "results" / "tokens" / "dan.json").read_text(encoding="utf-8"))
    assert kept["questions"][0]["reason"] == "missing" and "left out" in kept["failed_cells"][0]["sentence"]


def _dies_once(arguments, options):
    """In a worker: kill it the first time that this submission comes."""
    mark = Path(options["mark"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"student": arguments[0]}


@pytest.mark.parametrize("where", ["here", "dask"])
def test_a_worker_that_dies_loses_nothing(tmp_path, monkeypatch, where):
    monkeypatch.setattr(pools, "_work", _dies_once)
    jobs = [pools.Job(str(n), lambda n=n: (str(n),)) for n in range(5)]
    mark = str(tmp_path / "mark")
    if where == "here":
        done = list(pools.local(iter(jobs), 2, mark=mark))
    else:
        distributed = pytest.importorskip("distributed")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_port=0, host="127.0.0.1"
        ) as cluster:
            done = list(pools.dask(iter(jobs), cluster.scheduler_address, mark=mark))
    assert sorted(job.student for job, _ in done) == list("01234")
    assert all(result == {"student": job.student} for job, result in done), done


def _fails(arguments, options):
    raise CourseError("坏", f"bad {arguments[0]}")


def test_what_fails_twice_is_handed_back(monkeypatch):
    monkeypatch.setattr(pools, "_work", _fails)
    ((job, error),) = pools.local(iter([pools.Job("a", lambda: ("a",))]), 1)
    assert job.tries == 2 and isinstance(error, CourseError) and "bad a" in str(error)


def test_no_scheduler_there(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "PATIENCE", "1s")
    with pytest.raises(CourseError, match="Cannot reach the Dask scheduler"):
        list(pools.dask(iter([]), "tcp://127.0.0.1:9"))


def test_a_zip_on_a_dask_cluster(folders):
    distributed = pytest.importorskip("distributed")
    inside, out = folders
    packed = shutil.make_archive(str(out / "class"), "zip", inside)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, scheduler_port=0, host="127.0.0.1"
    ) as cluster:
        settings = grading.Settings("tokens", out, seed="5", scheduler=cluster.scheduler_address)
        assert grading.grade(Path(packed), settings).graded == 4
    assert scores(out) == SCORES
