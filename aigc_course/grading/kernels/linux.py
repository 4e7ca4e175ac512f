"""System calls that Python does not wrap, through ctypes. Linux only; every failure is an OSError."""

import ctypes
import os
import platform
import signal

ARCH = platform.machine()

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD = -100
AT_RECURSIVE = 0x8000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

# the same numbers on every architecture since 5.0, but for these (x86_64, aarch64)
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_MOUNT_SETATTR = 442


def _checked(result: int, what: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(what: str, number: int, *args) -> int:
    """The raw call `number`; `what` names it in the OSError."""
    return _checked(_libc.syscall(ctypes.c_long(number), *args), what)


def prctl(option: int, *args: int) -> int:
    values = [ctypes.c_ulong(value) for value in (*args, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(option, *values), f"prctl({option})")


def die_with_parent(parent: int | None, signum: int = signal.SIGKILL) -> None:
    """Get `signum` when the thread that forked this process ends; end at once where it has ended already.

    parent: its id, None where it is of another pid namespace and cannot be asked. A change of uid undoes this.
    """
    prctl(PR_SET_PDEATHSIG, signum)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), f"unshare({flags:#x})")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    coded = [text.encode() if text is not None else None for text in (source, target, kind)]
    data = options.encode() if options is not None else None
    _checked(_libc.mount(*coded, ctypes.c_ulong(flags), data), f"mount {source} on {target}")


def set_mount(target: str, flags: int, recursive: bool = False) -> None:
    """Add `flags` (MOUNT_ATTR_…) to the mount at `target`, with all beneath it where `recursive`. Linux 5.12."""
    attributes = (ctypes.c_uint64 * 4)(flags, 0, 0, 0)
    how = ctypes.c_uint(AT_RECURSIVE if recursive else 0)
    args = (ctypes.c_int(AT_FDCWD), target.encode(), how, ctypes.byref(attributes), ctypes.c_size_t(32))
    syscall(f"mount_setattr {target}", _MOUNT_SETATTR, *args)


def pivot_to(folder: str) -> None:
    """Make the mount at `folder` the root, and let go of the old one."""
    os.chdir(folder)
    syscall("pivot_root", _PIVOT_ROOT[ARCH], b".", b".")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount2")
    os.chdir("/")


def drop_bounding_set() -> None:
    """No program that this process starts can bring a capability along."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # no such capability, or no right to drop any: then none can be had either
            break


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    syscall("capset", _CAPSET[ARCH], ctypes.byref(header), ctypes.byref(nothing))


def seccomp(program: bytes) -> None:
    """Filter this process's system calls by a classic BPF program (8 bytes an instruction), for all its threads."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    filled = Program(len(program) // 8, program)
    set_mode_filter, tsync = 1, 1
    syscall("seccomp", _SECCOMP[ARCH], ctypes.c_uint(set_mode_filter), ctypes.c_uint(tsync), ctypes.byref(filled))


def limit_arenas(count: int) -> None:
    """At most `count` malloc arenas: each thread's own one would reserve 64 MB of addresses. glibc only."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(-8, count)
