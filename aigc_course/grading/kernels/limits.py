"""How much a kernel may use: what the system enforces by itself, and a watch over what it does not."""

import os
import resource
import signal
from collections.abc import Callable

from aigc_course.grading.kernels.profile import Profile

MB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
TOO_MUCH_MEMORY = 200  # the exit code that says so; shells use 129 to 192 for signals
TOO_MUCH_DISK = 201
TOO_MANY_PROCESSES = 202
INTERVAL = 0.2  # seconds between two looks


def apply(profile: Profile, already: int = 0) -> None:
    """Set this process's limits. already: the user's processes that count with ours (0: we have a count of our own)."""
    with open("/proc/self/statm") as file:
        addresses = int(file.read().split()[0]) * PAGE
    wanted = {
        resource.RLIMIT_AS: addresses + profile.addresses * MB,
        resource.RLIMIT_CPU: profile.cpu,
        resource.RLIMIT_FSIZE: profile.file * MB,
        resource.RLIMIT_NPROC: already + profile.processes,
        resource.RLIMIT_NOFILE: profile.open_files,
        resource.RLIMIT_MEMLOCK: 1 * MB,
        resource.RLIMIT_MSGQUEUE: 0,
        # not 0: a core_pattern that pipes ignores every limit but this one
        resource.RLIMIT_CORE: 1,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def processes_of(uid: int) -> int:
    """How many tasks the user runs now."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count


def _numbers(proc: int, path: str, keys: tuple[str, ...]) -> int:
    """The sum, in bytes, of these lines ("Key:  123 kB") of a file of /proc; 0 where the process has gone."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc), encoding="ascii", errors="replace") as file:
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith(keys))
    except OSError:
        return 0


def too_much(proc: int, pids: list[str], limit: int, shared: int) -> bool:
    """Whether these processes hold more than `limit` bytes of memory. proc: a handle on a /proc that knows the pids.

    shared: what each got from the zygote. The cheap count takes pages that they share with one another as many times
    as there are sharers; only where it is over the limit is the exact one made, which takes milliseconds.
    """
    rough = sum(max(0, _numbers(proc, f"{pid}/status", ("RssAnon:", "RssShmem:")) - shared) for pid in pids)
    return rough > limit and sum(_numbers(proc, f"{pid}/smaps_rollup", ("Pss:",)) for pid in pids) > limit + shared


def used(folder: str) -> int:
    """Bytes on disk under a folder."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _excess(proc: int, pids: list[str], profile: Profile, shared: int) -> int | None:
    if len(pids) > profile.processes + 1:  # the system counts for all users but root
        return TOO_MANY_PROCESSES
    return TOO_MUCH_MEMORY if too_much(proc, pids, profile.memory * MB, shared) else None


def watch(
    first: int, profile: Profile, proc: int, mine: Callable[[], list[str]], shared: int, folder: str | None
) -> int:
    """Wait for process `first`, our child, and give its exit code (128 + signal where one ended it).

    Kills it where the processes that `mine` lists outgrow the profile's memory, where `folder` (None: a file system
    with a size of its own) outgrows the scratch, and on SIGTERM. SIGTERM and SIGCHLD must be blocked.
    """
    reason = None
    while True:
        got = signal.sigtimedwait({signal.SIGCHLD, signal.SIGTERM}, INTERVAL)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return reason or 0
            if pid == 0:
                break
            if pid == first:
                code = os.waitstatus_to_exitcode(status)
                return reason or (code if code >= 0 else 128 - code)
        if reason:
            continue  # it was killed and is on its way out
        if got and got.si_signo == signal.SIGTERM:
            reason = 128 + signal.SIGTERM
        else:
            reason = _excess(proc, mine(), profile, shared)
            if folder and used(folder) > profile.scratch * MB:
                reason = TOO_MUCH_DISK
        if reason:
            os.kill(first, signal.SIGKILL)
