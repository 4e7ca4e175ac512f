"""Landlock: what a process may do with files, whoever it is. Also TCP, abstract sockets and signals on newer kernels.

https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from aigc_course.grading.kernels import linux

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # ABI → number of file rights that it knows; 16 since 5
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 10, 1 << 11
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the others are for folders
USE = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR


def abi() -> int:
    """The version that this kernel speaks, 0 for none."""
    try:
        return linux.syscall("landlock", CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    except OSError:
        return 0


def restrict(
    readable: Iterable[str | os.PathLike],
    listed: Iterable[str | os.PathLike],
    writable: Iterable[str],
    devices: Iterable[str],
) -> int:
    """From now on this process reads `readable`, learns the names in `listed`, does anything in `writable`, uses
    `devices`; nothing else.

    Paths that do not exist are left out. To be called before threads are made and after no_new_privs. Gives the ABI;
    0, and no restriction, where the kernel has no Landlock. From ABI 4 no TCP, from 6 no abstract sockets and no
    signals to the outside.
    """
    version = abi()
    if version == 0:
        return 0
    known = (1 << RIGHTS.get(version, 16)) - 1
    words = [known, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0]
    attributes = struct.pack("=3Q", *words)[: 8 * (1 + (version >= 4) + (version >= 6))]
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = linux.syscall("landlock", CREATE_RULESET, buffer, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    anything = ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | MAKE_FIFO | IOCTL_DEV)
    try:
        for paths, rights in ((readable, READ), (listed, READ_DIR), (writable, anything), (devices, USE)):
            for path in paths:
                _allow(ruleset, path, rights & known)
        linux.syscall("landlock_restrict_self", RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: str | os.PathLike, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
        beneath = 1
        linux.syscall(
            "landlock_add_rule", ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(beneath), rule, ctypes.c_uint(0)
        )
    finally:
        os.close(handle)
