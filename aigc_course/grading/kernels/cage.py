"""The walls around a sandboxed kernel: namespaces, a root of its own, Landlock, seccomp, limits, no privilege.

Three processes. The keeper stays outside: it watches memory, ends the others on SIGTERM and passes on how they ended.
The first process inside (pid 1 of its namespace) puts up the walls and then only collects the dead. The kernel is its
child. When the keeper ends, so does the first process, and with that everything in the namespace.
"""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from aigc_course.grading.kernels import landlock, limits, linux, roots, seccomp
from aigc_course.grading.kernels.profile import SYSTEM, Profile, around, outermost, python_paths

NAMESPACES = linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
INSIDE_UID = 1000  # who an ordinary user is inside
FAILED = 210  # the exit code where the walls could not be put up
SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}

Body = Callable[[dict], None]


def _whose(profile: Profile) -> int:
    """The uid to run as. Root's sandboxes get one each that nobody has, so that not even files of `nobody` are theirs;
    but root itself, without its rights, where others may not enter the folders that Python lives in and no namespace
    brings it to them.
    """
    if os.geteuid() != 0:
        return os.getuid()
    needed = [folder for path in outermost(python_paths()) for folder in (path, *path.parents)]
    reachable = profile.namespaces or all(folder.stat().st_mode & 0o001 for folder in needed)
    return 0x60000000 + os.getpid() if reachable else 0


def cage(profile: Profile, folder: str, body: Body) -> NoReturn:
    """In a fresh fork: run `body` inside the walls and end this process as that one ended.

    folder: an empty one that nobody else uses, to put a root file system on. body: gets what is in force (see
    `report`), with the scratch folder as its working directory and no file open that it did not inherit by intent.
    """
    parent = os.getppid()
    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, let it be ours
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        root = os.geteuid() == 0
        if profile.namespaces:
            _leave(root)
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        linux.die_with_parent(parent, signal.SIGTERM)
        outside, inside = socket.socketpair()
        uid = _whose(profile)
        if not profile.namespaces:
            folder = _open_scratch(uid)
        first = os.fork()
        if first == 0:
            outside.close()
            _first(profile, folder, uid, inside, body)
        inside.close()
        proc = _handle(outside, profile.namespaces)
        code = _keep(first, profile, proc, folder)
    except BaseException:
        traceback.print_exc()
        code = FAILED
    os._exit(code)


def _leave(root: bool) -> None:
    """Enter new namespaces: root with its own rights, anyone else by a user namespace."""
    if root:
        linux.unshare(NAMESPACES)
        return
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER | NAMESPACES)
    # a process that changed hands may not be allowed to open its own files in /proc
    linux.prctl(linux.PR_SET_DUMPABLE, 1)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_UID} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_UID} {gid} 1")


def _open_scratch(uid: int) -> str:
    """A scratch folder on this machine's disk, removed by the keeper."""
    scratch = tempfile.mkdtemp(prefix="aigc-scratch-")
    os.mkdir(os.path.join(scratch, "tmp"))
    for path in (scratch, os.path.join(scratch, "tmp")):
        os.chown(path, uid, -1)
    return scratch


def _handle(outside: socket.socket, namespaces: bool) -> int:
    """A handle on the /proc that lists our processes, and only them where they have a namespace."""
    if not namespaces:
        return os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    _, handles, _, _ = socket.recv_fds(outside, 1, 1)
    if not handles:
        raise OSError("the first process inside ended before its walls were up")
    return handles[0]


def _keep(first: int, profile: Profile, proc: int, folder: str) -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        shared = sum(int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:"))
    if profile.namespaces:
        return limits.watch(first, profile, proc, lambda: list(filter(str.isdigit, os.listdir(proc))), shared, None)
    code = limits.watch(first, profile, proc, lambda: descendants(proc), shared, folder)
    while orphans := descendants(proc):  # they came to us when their parents ended
        for pid in orphans:
            try:
                os.kill(int(pid), signal.SIGKILL)
                os.waitpid(int(pid), 0)
            except (ProcessLookupError, ChildProcessError):
                continue
    shutil.rmtree(folder, ignore_errors=True)
    return code


def descendants(proc: int) -> list[str]:
    """The pids under this process, nearest first."""
    children: dict[str, list[str]] = {}
    for pid in filter(str.isdigit, os.listdir(f"/proc/self/fd/{proc}")):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                parent = file.read().rpartition(b")")[2].split()[1].decode()
        except OSError:
            continue
        children.setdefault(parent, []).append(pid)
    found = list(children.get(str(os.getpid()), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


def _first(profile: Profile, folder: str, uid: int, outside: socket.socket, body: Body) -> NoReturn:
    """Puts up the walls, forks the kernel and collects the dead."""
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        force = _wall(profile, folder, uid, outside)
        _keeper_lives(outside)
        kernel = os.fork() if profile.namespaces else 0
        if kernel == 0:
            linux.prctl(linux.PR_SET_DUMPABLE, 1)  # its own files in /proc are its own
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
            outside.close()
            os.setsid()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            body(force)
            os._exit(0)
        os.closerange(0, 4096)
        while True:
            pid, status = os.wait()
            if pid == kernel:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)


def _keeper_lives(outside: socket.socket) -> None:
    """The keeper may have ended before we asked to hear of it; its end of the pair is closed then."""
    outside.setblocking(False)
    try:
        outside.recv(1)
    except BlockingIOError:
        return
    os._exit(FAILED)


def _wall(profile: Profile, folder: str, uid: int, outside: socket.socket) -> dict:
    """Shut this process in. Gives what is in force."""
    root = os.geteuid() == 0
    readable = [*map(str, outermost([*python_paths(), *profile.readable])), *SYSTEM]
    hidden = () if profile.namespaces else profile.hidden  # in a root of one's own they are out of sight already
    if profile.namespaces:
        linux.unshare(linux.CLONE_NEWNS)
        roots.enter(folder, readable, profile.hidden, uid if root else INSIDE_UID, profile.scratch)
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        socket.send_fds(outside, [b"p"], [proc])
        os.close(proc)
        socket.sethostname("sandbox")
    scratch = roots.SCRATCH if profile.namespaces else folder
    alone = profile.namespaces or (root and uid != 0)
    counted = 0 if alone else limits.processes_of(uid)
    linux.drop_bounding_set()
    if root:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)  # nobody looks into this process
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)  # the change of uid has undone the first
    os.chdir(scratch)
    os.umask(0o077)
    devices = ("/dev/null", "/dev/zero", "/dev/full", *(("/dev/pts",) if profile.namespaces else ()))
    known = (*readable, "/dev/random", "/dev/urandom", "/proc", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf")
    version = landlock.restrict(
        *around(known, hidden), (scratch, "/dev/shm") if profile.namespaces else (scratch,), devices
    )
    if not (version or profile.namespaces):
        raise OSError("neither Landlock nor namespaces: files cannot be guarded")
    limits.apply(profile, counted)
    guarded = profile.namespaces or version >= 6
    linux.seccomp(seccomp.program(None if guarded else os.getpid()))
    return {
        "namespaces": ("root's" if root else "user") if profile.namespaces else None,
        "landlock": version,
        "seccomp": True,
        "own_uid": root and uid != 0,
        "processes_counted_apart": alone,
        "limits": {"memory": profile.memory, "processes": profile.processes, "scratch": profile.scratch},
    }


def probe(profile: Profile) -> dict:
    """What is in force here for this profile, found by building the walls once around nothing. OSError where even the
    weakest cannot be built. Forks: not for a process with threads."""
    folder = tempfile.mkdtemp(prefix="aigc-probe-")
    reader, writer = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            cage(profile, folder, lambda force: os.write(writer, json.dumps(force).encode()) and None)
        os.close(writer)
        with open(reader, "rb") as file:
            told = file.read()
        os.waitpid(pid, 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not told:
        raise OSError("no sandbox can be built with this profile")
    return json.loads(told)


def strongest(profile: Profile) -> Profile:
    """The profile, without namespaces where this machine forbids them."""
    try:
        probe(profile)
        return profile
    except OSError:
        return replace(profile, namespaces=False)


if __name__ == "__main__":
    print(json.dumps(probe(strongest(Profile.from_dict(json.loads(sys.argv[1]))))))
