"""Which system calls a sandboxed kernel may make.

A deny-list for what Linux had in 2019: torch, numpy and Python use over a hundred calls that differ by libc and
machine, and an allow-list that misses one breaks an honest student. An allow-list for all that came since (424 and up:
io_uring, the new mount API, memfd_secret …), so that a new kernel opens no new door. A call from another architecture
(32-bit, x32) is refused. Refused means EPERM: the student sees PermissionError, not a dead kernel.
"""

import platform
import struct

ARCHS = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # AUDIT_ARCH_…, column in the tables below

# No socket can be made, so none can be connected: the kernel serves on sockets that were bound for it. What else
# reaches out of the process (ptrace), up (mounts, namespaces, keyrings), or past the limits (System V memory, memfd).
DENIED = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "seccomp": (317, 277),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "memfd_create": (319, 279),
    "mq_open": (240, 180),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "lookup_dcookie": (212, 18),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
# Where no pid namespace hides the other processes and Landlock cannot scope signals. A kernel may signal only itself.
SIGNALS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}
FIRST_NEW = 424
# pidfd_send_signal pidfd_open close_range openat2 faccessat2 epoll_pwait2 futex_waitv cachestat fchmodat2
# map_shadow_stack futex_wake futex_wait futex_requeue mseal
NEW_ALLOWED = (424, 434, 436, 437, 439, 441, 449, 451, 452, 453, 454, 455, 456, 462)
CLONE, CLONE3, SOCKETPAIR, IOCTL = (56, 220), 435, (53, 199), (16, 29)
NAMESPACES = 0x7E020080  # every CLONE_NEW… flag, CLONE_NEWTIME among them
AF_UNIX, SOCK_STREAM, SOCK_SEQPACKET, SOCK_KIND = 1, 1, 5, 0xF
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # put words into a terminal's mouth

EPERM, ENOSYS = 1, 38
ALLOW = 0x7FFF0000
REFUSE = 0x00050000  # | errno
# where struct seccomp_data has the number, the architecture, the low half of argument n
NUMBER, ARCH = 0, 4


def _argument(index: int) -> int:
    return 16 + 8 * index


def _load(offset: int) -> bytes:
    return struct.pack("=HBBI", 0x20, 0, 0, offset)


def _and(mask: int) -> bytes:
    return struct.pack("=HBBI", 0x54, 0, 0, mask)


def _if_equal(value: int, then: int, otherwise: int) -> bytes:
    """Skip `then` instructions where the loaded word is `value`, else `otherwise`."""
    return struct.pack("=HBBI", 0x15, then, otherwise, value)


def _if_at_least(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("=HBBI", 0x35, then, otherwise, value)


def _return(what: int) -> bytes:
    return struct.pack("=HBBI", 0x06, 0, 0, what)


def _refuse(number: int, code: int = EPERM) -> bytes:
    return _if_equal(number, 0, 1) + _return(REFUSE | code)


def _when(number: int, block: bytes) -> bytes:
    """`block` for the call `number`; it must return in every branch, since it loads other words."""
    return _if_equal(number, 0, len(block) // 8) + block


def program(pid: int | None = None) -> bytes:
    """The filter, as BPF for this machine; OSError where there is no table for its architecture.

    pid: None, or the only process that may be signalled (the kernel itself).
    """
    if platform.machine() not in ARCHS:
        raise OSError(ENOSYS, f"no system call table for {platform.machine()}")
    arch, column = ARCHS[platform.machine()]
    code = _load(ARCH) + _if_equal(arch, 1, 0) + _return(REFUSE | EPERM) + _load(NUMBER)
    code += _if_at_least(0x40000000, 0, 1) + _return(REFUSE | ENOSYS)  # x32
    code += _refuse(CLONE3, ENOSYS)  # its flags lie in memory, out of reach; libc then uses clone, whose flags do not
    for numbers in DENIED.values():
        if numbers[column] is not None:
            code += _refuse(numbers[column])
    if pid is not None:
        for numbers in SIGNALS.values():
            own = _load(_argument(0)) + _if_equal(pid, 0, 1) + _return(ALLOW) + _return(REFUSE | EPERM)
            code += _when(numbers[column], own)
    flags = _load(_argument(0)) + _and(NAMESPACES) + _if_equal(0, 0, 1) + _return(ALLOW) + _return(REFUSE | EPERM)
    code += _when(CLONE[column], flags)
    # a pair of datagram sockets could be pointed at a path; a pair of streams cannot
    pair = _load(_argument(0)) + _if_equal(AF_UNIX, 1, 0) + _return(REFUSE | EPERM)
    pair += _load(_argument(1)) + _and(SOCK_KIND) + _if_equal(SOCK_STREAM, 1, 0) + _if_equal(SOCK_SEQPACKET, 0, 1)
    pair += _return(ALLOW) + _return(REFUSE | EPERM)
    code += _when(SOCKETPAIR[column], pair)
    terminal = _load(_argument(1)) + _if_equal(TIOCSTI, 1, 0) + _if_equal(TIOCLINUX, 0, 1)
    code += _when(IOCTL[column], terminal + _return(REFUSE | EPERM) + _return(ALLOW))
    code += _if_at_least(FIRST_NEW, 1, 0) + _return(ALLOW)
    for number in NEW_ALLOWED:
        code += _if_equal(number, 0, 1) + _return(ALLOW)
    return code + _return(REFUSE | ENOSYS)
