"""How many threads the number crunchers use. In the zygote one, since a fork keeps none of the others and would wait
for them; in a kernel as many as in a fresh process."""

import ctypes
import os
import sys
from pathlib import Path

SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads")


def wanted(env: dict[str, str]) -> int | None:
    """What the environment asks for, None where it leaves the choice."""
    value = env.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(value) if value.isdigit() and int(value) else None


def cores() -> int:
    """The physical cores that this process may use."""
    cpus = os.sched_getaffinity(0)
    found = set()
    for cpu in cpus:
        try:
            found.add(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text())
        except OSError:
            return len(cpus)
    return len(found)


def blas_libraries() -> list[str]:
    """The OpenBLAS libraries that are loaded."""
    with open("/proc/self/maps") as file:
        return sorted({line.split()[-1] for line in file if "openblas" in line})


def set_threads(count: int | None) -> None:
    """Let torch and OpenBLAS use `count` threads; None: one on each core for torch, on each processor for OpenBLAS."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count or cores())
    for path in blas_libraries():
        library = ctypes.CDLL(path)
        for name in SETTERS:
            if hasattr(library, name):
                getattr(library, name)(count or len(os.sched_getaffinity(0)))
                break
