"""What a fork of the zygote does: become a kernel, on its own or in a cage."""

import json
import os
import secrets
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from aigc_course.grading.kernels import answers, app, cage, linux, rehearse, threads
from aigc_course.grading.kernels.profile import Profile

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
BACKLOG = 16


def warm(argv: list[str], capture: bool, control: socket.socket, parent: int) -> NoReturn:
    """A kernel for its own user. It prepares itself, says b"ready", and waits for its launcher's request.

    argv: the kernel's own options. capture: whether it listens to what is written to file descriptors 1 and 2 (a kernel
    that pytest launches does not).
    """
    os.setsid()
    linux.die_with_parent(parent)
    app.fresh_signals()
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    if not capture:
        os.environ["PYTEST_CURRENT_TEST"] = "yes"
    kernel = app.WarmKernelApp.instance()
    kernel.initialize(argv)
    control.send(b"ready")
    _, handles, _, _ = socket.recv_fds(control, 1, 3)
    if len(handles) != 3:
        os._exit(0)  # the zygote has no more use for us
    with open(handles[0], encoding="utf-8") as file:
        request = json.load(file)
    _take_over(request, handles[1:], kernel)
    kernel.connect(lambda: kernel.load(request["connection_file"]))
    control.send(b"up")
    control.close()
    app.run(kernel)


def _take_over(request: dict, streams: list[int], kernel: app.WarmKernelApp) -> None:
    """Put on what a process would have inherited from its launcher."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    for name, value in rehearse.SET_BY_IMPORTS.items():
        os.environ.setdefault(name, value)
    sys.argv = [app.LAUNCHER, *request["arguments"]]
    sys.executable = request["program"]  # "python" and "python3" of one environment share a zygote
    for stream, handle, number in zip((sys.stdout, sys.stderr), streams, (1, 2), strict=True):
        copy = getattr(stream, "_original_stdstream_copy", None)
        os.dup2(handle, number if copy is None else copy)
        os.close(handle)
    app.refresh(threads.wanted(request["env"]))


def caged(profile: Profile, folder: Path, control: socket.socket) -> NoReturn:
    """A kernel for a stranger's code, in `folder`/root, with its sockets at `folder`/c-N.

    Says how to connect and what is in force as JSON, and from then on knows nobody outside.
    """
    app.fresh_signals()
    ready = {}
    for port in PORTS.values():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / f"c-{port}"))
        listener.listen(BACKLOG)
        ready[port] = listener.detach()
    (folder / "root").mkdir()

    def body(force: dict) -> None:
        try:
            kernel, connection = _served(profile, str(folder / "c"), ready)
        except BaseException:
            control.send(json.dumps({"failed": traceback.format_exc()}).encode())
            raise
        control.send(json.dumps({"connection": connection, "force": force}).encode())
        control.close()
        app.run(kernel)

    cage.cage(profile, str(folder / "root"), body)


def _served(profile: Profile, place: str, ready: dict[int, int]) -> tuple[app.CagedKernelApp, dict]:
    """The kernel, listening, and how to connect to it."""
    connection = {"transport": "ipc", "ip": place, "key": secrets.token_hex(32), **PORTS}
    os.environ.clear()
    os.environ.update(_environment(profile))
    quiet = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    os.close(quiet)
    sys.argv = [app.LAUNCHER]
    kernel = app.CagedKernelApp.instance(kernel_class=answers.AnsweringKernel)
    kernel.ready_fds = ready
    kernel.initialize(["--HistoryManager.enabled=False"])
    app.refresh(1)

    def load():
        kernel.transport, kernel.ip = "ipc", place
        kernel.session.key = connection["key"].encode()
        for name, port in PORTS.items():
            setattr(kernel, name, port)

    kernel.connect(load)
    return kernel, connection


def _environment(profile: Profile) -> dict[str, str]:
    scratch = os.getcwd()
    return {
        "HOME": scratch,
        "USER": "student",
        "TMPDIR": f"{scratch}/tmp",
        "PATH": f"{os.path.dirname(sys.executable)}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": f"{scratch}/tmp/.ipython",
        **dict(profile.env),
    }
