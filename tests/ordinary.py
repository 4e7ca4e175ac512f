"""Running a test file again as an ordinary user, where the tests run as root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

AS_NOBODY = """
set -e
stage=$(mktemp -d)
show() {  # a folder that only root can reach, at its own place in a world of this process alone
  for part in "$@"; do mkdir -p "$stage$part"; mount --bind "$part" "$stage$part"; done
}
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$stage"
show $SHOWN
tops=$(for part in $SHOWN; do echo "$part" | cut -d/ -f1-2; done | sort -u)
for top in $tops; do mount --rbind "$stage$top" "$top"; done
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
"""


def run_again(file: str, *options: str) -> None:
    """Run `file` as nobody and fail where it fails; skip where this is an ordinary user already."""
    if os.geteuid() != 0:
        pytest.skip("this is an ordinary user")
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode or not shutil.which("setpriv"):
        pytest.skip("root may not make a mount namespace here")
    course = Path(__file__).resolve().parents[1]
    base = Path(tempfile.mkdtemp(prefix="aigc-nobody-", dir="/var/tmp"))
    os.chown(base, 65534, 65534)
    closed = [path for path in (course, Path(sys.base_prefix)) if any(not p.stat().st_mode & 1 for p in path.parents)]
    env = {**os.environ, "SHOWN": " ".join(map(str, closed)), "HOME": str(base), "TMPDIR": str(base)}
    env.pop("XDG_RUNTIME_DIR", None)
    # much of the time passes in waiting for limits: three at a time
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "3", "-x", file, *options]
    command = ["unshare", "-m", "sh", "-c", AS_NOBODY, "sh", *tests, f"--basetemp={base}/t"]
    try:
        done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, timeout=550, check=False)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    assert done.returncode == 0 and "passed" in done.stdout and "skipped" not in done.stdout, done.stdout + done.stderr
