"""Running a stranger's code: a kernel in a cage, and a driver that believes nothing it says.

    with SandboxedKernel(for_course()) as kernel:
        reply = kernel.execute("def f(x): return x + 1", timeout=10)
        kernel.call("f", "[41]", timeout=10)  # "42"

Whatever happens inside ends in a Reply or in one of Dead, TimedOut, TooMuchOutput, Malformed and, from `call`, Raised.
What the kernel says, and with it every output and result, may be forged by the code in it: only a comparison with what
that code cannot know decides about points.
"""

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field

import zmq

from aigc_course.errors import CourseError
from aigc_course.grading.kernels import answers, client, limits
from aigc_course.grading.kernels.profile import Profile, for_course
from aigc_course.grading.kernels.wire import Malformed, Message, pack, unpack

__all__ = [
    "Dead",
    "Malformed",
    "Profile",
    "Raised",
    "Reply",
    "SandboxedKernel",
    "TimedOut",
    "TooMuchOutput",
    "for_course",
    "report",
]

MAX_OUTPUT = 4 << 20  # bytes that a kernel may send in answer to one request
QUEUE = 16  # messages that wait unread, each of at most MAX_OUTPUT
GRACE = 1.0  # seconds for an interrupted cell to end
OUTPUTS = {"stream", "display_data", "update_display_data", "execute_result", "error"}
REASONS = {
    **{limits.TOO_MUCH_MEMORY: "memory", limits.TOO_MUCH_DISK: "disk", limits.TOO_MANY_PROCESSES: "processes"},
    128 + 24: "processor time",
}


class Dead(Exception):
    """The kernel has ended. reason: "memory", "disk", "processes", "processor time", "exit N", "signal N", "closed"."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class TimedOut(Exception):
    """No answer in time. alive: whether an interrupt brought the kernel back, so that it can go on."""

    def __init__(self, seconds: float, alive: bool):
        super().__init__(f"no answer in {seconds:g} s")
        self.alive = alive


class TooMuchOutput(Exception):
    """More bytes than the limit, or one message so large that the connection was cut."""


class Raised(Exception):
    """The called function raised: `ename` and `evalue`, as the kernel tells it."""

    def __init__(self, ename: str, evalue: str):
        super().__init__(f"{ename}: {evalue}")
        self.ename, self.evalue = ename, evalue


@dataclass(frozen=True)
class Reply:
    """status: "ok" or "error". outputs: as in a notebook, each with its output_type. error: (ename, evalue) or None."""

    status: str
    outputs: list[dict] = field(default_factory=list)
    error: tuple[str, str] | None = None


class SandboxedKernel:
    """A kernel in the sandbox that `profile` describes, from `__enter__` to `__exit__`. `force`: see `report`."""

    def __init__(self, profile: Profile, max_output: int = MAX_OUTPUT):
        self.profile, self.max_output = profile, max_output
        self.alive = False

    def __enter__(self) -> "SandboxedKernel":
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            request = {"argv": [], "capture": True}
            self.process = client.launch(dict(os.environ), request, (nowhere, nowhere), self.profile)
        finally:
            os.close(nowhere)
        told = self.process.told["connection"]
        self.force = self.process.told["force"]
        self.key, self.session = told["key"].encode(), secrets.token_hex(8)
        self.context = zmq.Context()
        self.shell, self.control = self._socket(zmq.DEALER), self._socket(zmq.DEALER)
        self.iopub = self._socket(zmq.SUB)
        self.iopub.subscribe(b"")
        self.cuts = [one.get_monitor_socket(zmq.EVENT_DISCONNECTED) for one in (self.shell, self.iopub)]
        for one, port in ((self.shell, "shell_port"), (self.control, "control_port"), (self.iopub, "iopub_port")):
            one.connect(f"ipc://{told['ip']}-{told[port]}")
        self.alive = True
        try:
            self._greet()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _socket(self, kind: int) -> zmq.Socket:
        made = self.context.socket(kind)
        made.linger, made.maxmsgsize, made.rcvhwm = 0, self.max_output, QUEUE
        return made

    def _greet(self) -> None:
        """Ask until an answer also comes on the channel for outputs: then that is connected too."""
        deadline = time.monotonic() + client.LAUNCH
        while True:
            try:
                self._ask("kernel_info_request", {}, "kernel_info_reply", 0.5)
                return
            except TimedOut:
                if time.monotonic() > deadline:
                    raise

    def execute(self, code: str, timeout: float, interrupt: bool = False) -> Reply:
        """Run a cell. interrupt: on a timeout try Ctrl-C first, which may leave the kernel usable."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": False}
        said, outputs = self._request("execute_request", content, "execute_reply", timeout, interrupt)
        status = said.get("status")
        if status == "ok":
            return Reply("ok", outputs)
        if status not in ("error", "aborted"):
            raise self._broken(Malformed("a reply without a status"))
        return Reply("error", outputs, (str(said.get("ename", status))[:200], str(said.get("evalue", ""))[:2000]))

    def call(self, name: str, args_json: str | None, timeout: float, interrupt: bool = False) -> str:
        """JSON of what the function `name` of the kernel's user returns; args_json: a list of its arguments.

        Without arguments (None) the value of the name itself. Only plain values come back (see `plain`).
        """
        content = {"name": name, "args": args_json}
        said, _ = self._request(answers.REQUEST, content, answers.REPLY, timeout, interrupt)
        text = said.get("json")
        if said.get("status") == "ok" and type(text) is str:
            return text
        if said.get("status") == "error":
            raise Raised(str(said.get("ename"))[:200], str(said.get("evalue"))[:2000])
        raise self._broken(Malformed("a reply without a result"))

    def put(self, name: str, data: bytes, timeout: float = 30) -> None:
        """Write a file into the scratch folder; before the stranger's code runs, since that could forge it."""
        text = base64.b64encode(data).decode()
        code = f"import base64, pathlib; p = pathlib.Path({name!r}); p.parent.mkdir(parents=True, exist_ok=True); "
        reply = self.execute(f"{code}p.write_bytes(base64.b64decode({text!r})); del p, base64, pathlib", timeout)
        if reply.error:
            raise CourseError(f"放不进文件 {name}：{reply.error[1]}", f"Cannot put the file {name}: {reply.error[1]}")

    def close(self) -> None:
        """End the kernel and everything that it has started; returns when they are gone."""
        if not self.alive:
            return
        self.alive = False
        for one in (self.shell, self.iopub):
            one.disable_monitor()
        self.context.destroy(linger=0)
        self.process.terminate()
        try:
            self.process.wait(client.LAUNCH)
        finally:
            self.process.connection.close()

    def _broken(self, error: Exception) -> Exception:
        self.close()
        return error

    def _request(
        self, kind: str, content: dict, answer: str, timeout: float, interrupt: bool
    ) -> tuple[dict, list[dict]]:
        try:
            return self._ask(kind, content, answer, timeout)
        except TimedOut:
            alive = interrupt and self._interrupted()
            if not alive:
                self.close()
            raise TimedOut(timeout, alive) from None

    def _interrupted(self) -> bool:
        self.control.send_multipart(pack(self.key, self.session, "interrupt_request", {})[1])
        try:
            self._ask("kernel_info_request", {}, "kernel_info_reply", GRACE)
            return True
        except (TimedOut, Dead, TooMuchOutput, Malformed):
            return False

    def _ask(self, kind: str, content: dict, answer: str, timeout: float) -> tuple[dict, list[dict]]:
        """Send a request; give the first reply to it, and its outputs, once the kernel says that it is idle again."""
        if not self.alive:
            raise Dead("closed")
        name, frames = pack(self.key, self.session, kind, content)
        self.shell.send_multipart(frames)
        poller = zmq.Poller()
        for one in (self.shell, self.iopub, *self.cuts, self.process.connection):
            poller.register(one, zmq.POLLIN)
        deadline, taken, reply, idle, outputs = time.monotonic() + timeout, 0, None, False, []
        while reply is None or not idle:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(timeout, alive=True)
            ready = dict(poller.poll(left * 1000))
            for one in (self.shell, self.iopub):
                if one not in ready:
                    continue
                frames = one.recv_multipart()
                taken += sum(map(len, frames))
                if taken > self.max_output:
                    raise self._broken(TooMuchOutput(f"more than {self.max_output} bytes"))
                message = self._read(frames)
                if message is None or message.parent != name:
                    continue
                if one is self.shell and message.kind == answer and reply is None:
                    reply = message.content
                elif one is self.iopub and message.kind == "status":
                    idle = idle or message.content.get("execution_state") == "idle"
                elif one is self.iopub and message.kind in OUTPUTS:
                    outputs.append({"output_type": message.kind, **message.content})
            if self.shell not in ready and self.iopub not in ready:
                self._look_around(ready)
        return reply, outputs

    def _read(self, frames: list[bytes]) -> Message | None:
        try:
            return unpack(self.key, frames)
        except Malformed as error:
            raise self._broken(error) from None

    def _look_around(self, ready: dict) -> None:
        """Nothing was said: has the kernel ended, or a connection?"""
        cut = any(one in ready for one in self.cuts)
        if cut:  # a kernel that ends cuts its connections a moment earlier
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
        code = self.process.poll()
        if cut and code is None:
            self.close()  # and now we hear whether it was being ended already
            if self.process.returncode not in REASONS:
                raise TooMuchOutput("the connection was cut, as by a message over the limit")
            code = self.process.returncode
        if code is not None:
            reason = "the zygote ended" if self.process.orphaned else REASONS.get(code)
            raise self._broken(Dead(reason or (f"signal {code - 128}" if code > 128 else f"exit {code}")))


def report(profile: Profile | None = None) -> dict:
    """What protects this machine from a sandboxed kernel, found by building one around nothing. CourseError for none.

    namespaces: "root's", "user" or None (forbidden here). landlock: the ABI, 0 for none. seccomp: True. own_uid: the
    kernel runs as a user of its own. processes_counted_apart: the limit on processes is the kernel's alone.
    """
    profile = profile or for_course(imports=())
    command = [sys.executable, "-P", "-m", "aigc_course.grading.kernels.cage", json.dumps(profile.to_dict())]
    if sys.platform == "linux":
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise CourseError(
        "这台机器不能安全地运行别人的代码：需要 Linux 5.13 以上，并且打开 Landlock 或用户命名空间。",
        "This machine cannot run a stranger's code safely: it takes Linux 5.13 or later, with Landlock or user "
        "namespaces.",
    )
