"""Aeroplane mode: a clean checkout, in a network namespace that holds nothing but its own loopback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need

ROOT = Path(__file__).parents[1]
ALONE = ["unshare", "--map-root-user", "--net"]

# The package is the checkout's; the interpreter and the libraries are those of this environment.
INSIDE = """
set -eu
ip link set lo up
if "$PYTHON" -c 'import socket; socket.create_connection(("192.0.2.1", 80), timeout=5)' 2> "$AIGC_HOME.refused"; then
  echo "the namespace has a way out" >&2; exit 99
fi
grep -q "unreachable" "$AIGC_HOME.refused"
"$PYTHON" -c "import aigc_course, pathlib; assert pathlib.Path(aigc_course.__file__).is_relative_to(pathlib.Path.cwd())"
aigc() { "$PYTHON" -c "from aigc_course.cli import main; main()" "$@"; }
aigc doctor
aigc run start --lang zh
"$PYTHON" -c "$LAB_CHECK"
"""

# A lab's check as a learner meets it: first a wrong answer, which gets a hint, then a right one.
LAB_CHECK = """
import pathlib
from aigc_course import progress
from aigc_course.checks import check
for answer in ("q1_wrong_greedy", "q1_right_accumulate"):
    exec(pathlib.Path("tests/answers/sampling", answer + ".py").read_text(encoding="utf-8"))
    check("sampling.q1")
    print(answer, progress.load()["checks"])
"""


@pytest.fixture
def checkout(tmp_path):
    """What git would give to someone who clones now."""
    folder = tmp_path / "checkout"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.mark.timeout(600)
def test_a_lesson_a_lab_check_and_doctor_run_with_the_network_cut(checkout, tmp_path):
    if not shutil.which("unshare") or not shutil.which("ip"):
        need("unshare (util-linux) or ip (iproute2) is not installed")
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        need("this machine does not let us make a network namespace")
    environment = os.environ | {"PYTHON": sys.executable, "LAB_CHECK": LAB_CHECK, "AIGC_HOME": str(tmp_path / "home")}
    # neither our guard nor Hugging Face's own switch: here the namespace alone cuts the wire
    environment |= {"PYTHONPATH": str(checkout), "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf")}
    inside = subprocess.run([*ALONE, "sh", "-c", INSIDE], cwd=checkout, env=environment, capture_output=True, text=True)
    assert inside.returncode == 0, inside.stdout + inside.stderr
    assert "✗ sampling.q1" in inside.stdout
    assert "q1_wrong_greedy {'sampling.q1': False}" in inside.stdout
    assert "✓ sampling.q1" in inside.stdout
    assert "q1_right_accumulate {'sampling.q1': True}" in inside.stdout
