"""A root file system of its own: the readable paths at their own places, one writable folder, and nothing else."""

import os
from collections.abc import Iterable
from pathlib import Path

from aigc_course.grading.kernels import linux
from aigc_course.grading.kernels.profile import outermost

SCRATCH = "/scratch"
DEVICES = ("null", "zero", "full", "random", "urandom")
TREE_SIZE, FILES, TERMINALS = "1m", 20_000, 16
QUIET = linux.MOUNT_ATTR_NOSUID | linux.MOUNT_ATTR_NODEV


def enter(folder: str, readable: Iterable[str], hidden: Iterable[str], uid: int, scratch: int) -> None:
    """Make that root in a mount namespace of one's own, on the empty `folder`, and go there.

    uid: whose the scratch folder is. scratch: its size in MB. What was open stays open, paths of old lead nowhere.
    """
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", folder, "tmpfs", linux.MS_NOSUID, f"size={TREE_SIZE},mode=755")
    root = Path(folder)
    (root / ".nothing").mkdir()
    (root / ".empty").touch()
    for path in outermost(readable):
        _show(root, path)
    for path in readable:
        _follow(root, Path(path))
    for path in map(Path, hidden):
        place = _at(root, path.resolve())
        if place.exists():
            linux.mount(str(root / (".nothing" if place.is_dir() else ".empty")), str(place), flags=linux.MS_BIND)
    _machine(root, uid)
    _scratch(root, uid, scratch)
    linux.pivot_to(folder)
    linux.set_mount("/", linux.MOUNT_ATTR_RDONLY | QUIET)


def _at(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _show(root: Path, path: Path) -> None:
    """Bind `path` at its own place, to be read only."""
    place = _at(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    linux.mount(str(path), str(place), flags=linux.MS_BIND | linux.MS_REC)
    linux.set_mount(str(place), linux.MOUNT_ATTR_RDONLY | QUIET, recursive=True)


def _follow(root: Path, path: Path) -> None:
    """Where `path` was reached through links (/bin → usr/bin), the same links."""
    for step in (*reversed(path.parents), path):
        place = _at(root, step)
        if step.is_symlink() and not os.path.lexists(place) and place.parent.is_dir():
            place.symlink_to(os.readlink(step))


def _machine(root: Path, uid: int) -> None:
    """/proc with processes only, five devices, and who is who."""
    for name in ("proc", "dev", "etc"):
        (root / name).mkdir(exist_ok=True)
    usable = linux.MS_NOSUID | linux.MS_NOEXEC
    quiet = usable | linux.MS_NODEV
    linux.mount("proc", str(root / "proc"), "proc", quiet, "subset=pid")
    for name in DEVICES:
        (root / "dev" / name).touch()
        linux.mount(f"/dev/{name}", str(root / "dev" / name), flags=linux.MS_BIND)
    (root / "dev" / "pts").mkdir()  # terminals of its own: IPython's !command takes one
    linux.mount(
        "devpts", str(root / "dev" / "pts"), "devpts", usable, f"newinstance,ptmxmode=0666,mode=0620,max={TERMINALS}"
    )
    (root / "dev" / "ptmx").symlink_to("pts/ptmx")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")):
        (root / "dev" / name).symlink_to(target)
    (root / "etc" / "passwd").write_text(f"student:x:{uid}:{uid}::{SCRATCH}:/bin/sh\n")
    (root / "etc" / "group").write_text(f"student:x:{uid}:\n")
    (root / "etc" / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")


def _scratch(root: Path, uid: int, size: int) -> None:
    """The only place to write. Temporary files and shared memory count as part of it."""
    place = _at(root, Path(SCRATCH))
    place.mkdir()
    options = f"size={size}m,nr_inodes={FILES},mode=700,uid={uid},gid={uid}"
    linux.mount("tmpfs", str(place), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, options)
    for name in ("tmp", ".shm"):
        (place / name).mkdir(0o700)
        os.chown(place / name, uid, uid)
    (root / "dev" / "shm").mkdir()
    linux.mount(str(place / ".shm"), str(root / "dev" / "shm"), flags=linux.MS_BIND)
    if not os.path.lexists(root / "tmp"):
        (root / "tmp").symlink_to(f"{SCRATCH}/tmp")
