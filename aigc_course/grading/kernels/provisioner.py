"""The warm kernel for any Jupyter tool: `JUPYTER_DEFAULT_PROVISIONER_NAME=aigc-warm`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from aigc_course.i18n import t

LONGEST = 100  # characters of an ipc path, of 107, less the number of the port
_said: set[str] = set()


def _say_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        print(text, file=sys.stderr)


def own_arguments(command: list[str]) -> list[str] | None:
    """The IPython kernel's arguments in a launch command; None where the command is not one that a fork can stand for
    (another language, another environment, options for the interpreter)."""
    if not command or not _is_this_python(command[0]):
        return None
    rest = [word for word in command[1:] if word != "-Xfrozen_modules=off"]
    return rest[2:] if rest[:2] in (["-m", "ipykernel_launcher"], ["-m", "ipykernel"]) else None


def _is_this_python(program: str) -> bool:
    path = Path(program)
    return (
        path.is_absolute()
        and path.name.startswith("python")
        and path.parent.resolve() == Path(sys.executable).parent.resolve()
    )


class WarmProvisioner(LocalProvisioner):
    """Forks the kernel from a process that has imported torch, transformers and diffusers.

    Where that cannot be done (not Linux, another kernel, a failure, which is said once) it is the stock provisioner.
    """

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        km = self.parent
        if sys.platform == "linux" and km and km.transport == "tcp" and not any(km.ports) and self._is_ours():
            base = os.path.splitext(km.connection_file)[0] + "-ipc"
            if len(base) < LONGEST and os.path.isabs(base):
                # no port that another program could take first, and it works where there is no network at all
                km.transport, km.ip, km.cache_ports = "ipc", base, False
        return await super().pre_launch(**kwargs)

    def _is_ours(self) -> bool:
        return own_arguments(self.parent.format_kernel_cmd()) is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any):
        arguments = own_arguments(cmd)
        if sys.platform != "linux":
            _say_once(
                t("热内核只在 Linux 上有，这里用普通内核。", "The warm kernel needs Linux; this is the stock kernel.")
            )
        elif arguments is not None and "-f" in arguments and not kwargs.get("independent"):
            from aigc_course.grading.kernels.client import ZygoteFailed

            try:
                # starting a zygote takes seconds, in which a server has other things to do
                self.process = await asyncio.to_thread(self._fork, cmd[0], arguments, kwargs)
            except (ZygoteFailed, OSError) as error:
                _say_once(t(f"{error}。这里用普通内核。", f"{error}. This is the stock kernel."))
            else:
                self.pid, self.pgid, self.cwd = self.process.pid, None, kwargs.get("cwd") or Path.cwd()
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    def _fork(self, program: str, arguments: list[str], kwargs: dict[str, Any]):
        from aigc_course.grading.kernels import client

        env = {str(name): str(value) for name, value in (kwargs.get("env") or os.environ).items()}
        place = arguments.index("-f")
        options = arguments[:place] + arguments[place + 2 :]
        request = {
            "argv": options,
            "arguments": arguments,
            "program": program,
            "capture": "PYTEST_CURRENT_TEST" not in env,
            "connection_file": arguments[place + 1],
            "env": env | {"JPY_PARENT_PID": str(os.getpid())},
            "cwd": os.path.abspath(kwargs.get("cwd") or os.getcwd()),
            "umask": _umask(),
        }
        opened = []

        def handle(stream, default: int) -> int:
            """What Popen makes of its argument."""
            if stream is None:
                return default
            if isinstance(stream, int) and stream >= 0:
                return stream
            if hasattr(stream, "fileno"):
                return stream.fileno()
            opened.append(os.open(os.devnull, os.O_RDWR))
            return opened[-1]

        try:
            streams = handle(kwargs.get("stdout"), 1), handle(kwargs.get("stderr"), 2)
            return client.launch(env, request, streams)
        finally:
            for one in opened:
                os.close(one)

    async def poll(self) -> int | None:
        code = await super().poll()
        if getattr(self.process, "orphaned", False):
            self.process.orphaned = False
            self.log.error(
                t(
                    f"热内核的母进程没了（见 {self.process.folder / 'log'}），内核跟着结束了；重启内核会另起一个。",
                    f"The process that this kernel was forked from has gone (see {self.process.folder / 'log'}), and "
                    "the kernel with it; a restart brings up another.",
                )
            )
        return code


def _umask() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1], 8) for line in file if line.startswith("Umask:"))
