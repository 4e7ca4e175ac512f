"""The process that has imported everything and forks a kernel for whoever asks: `main(FOLDER)`.

FOLDER holds settings.json ({"profile": a sandbox's or null, "idle": seconds}) and gets the socket `s` on which
requests come, one connection for each kernel: {"argv", "capture"} with three handles (request, stdout, stderr) →
{"pid", …} once the kernel answers, {"exit": code} when it has ended. {"signal": n} signals it. A connection that closes
ends its kernel.
Only one thread, no event loop, no CUDA: a fork keeps none of them whole.
"""

import contextlib
import gc
import json
import os
import secrets
import selectors
import shutil
import signal
import socket
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from aigc_course.grading.kernels import cage, child, rehearse
from aigc_course.grading.kernels.profile import MODELS, Profile

REFILL = 0.3  # seconds before a kernel that was given away is replaced: its user goes first
FLAVOURS = 2  # kinds of kernel (options) of which spares are kept
TICK = 2.0


@dataclass
class Child:
    """A fork. state: "young", "ready" or "given". client: who has it or waits for it to come up."""

    pid: int
    flavour: tuple
    control: socket.socket
    folder: Path
    state: str = "young"
    told: dict | None = None
    client: socket.socket | None = None


class Zygote:
    def __init__(self, folder: Path, listener: socket.socket, profile: Profile | None, idle: float):
        self.folder, self.listener, self.profile, self.idle = folder, listener, profile, idle
        self.spare = profile.spare if profile else 1
        self.children: dict[int, Child] = {}
        self.clients: set[socket.socket] = set()
        self.waiting: list[tuple[socket.socket, tuple, list[int]]] = []
        self.flavours: list[tuple] = [((), True)] if profile else []
        self.refill_at = 0.0
        self.last_seen = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.wake, wake_end = socket.socketpair()
        self.wake.setblocking(False)
        wake_end.setblocking(False)
        self.wake_end = wake_end
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.wake, selectors.EVENT_READ, self._woken)
        self.selector.register(listener, selectors.EVENT_READ, self._accept)

    def serve(self) -> None:
        """Until nobody has been here for `idle` seconds, or the folder has gone."""
        while True:
            self._refill()
            due = max(0.0, min(TICK, self.refill_at - time.monotonic())) if self.refill_at else TICK
            for key, _ in self.selector.select(due):
                try:
                    key.data()
                except OSError:
                    traceback.print_exc()
            self._reap()
            if self.clients:
                self.last_seen = time.monotonic()
            elif time.monotonic() - self.last_seen > self.idle or not (self.folder / "s").exists():
                break
        (self.folder / "s").unlink(missing_ok=True)
        for pid in list(self.children):
            self._end(self.children[pid])
        while self.children:
            signal.sigtimedwait({signal.SIGCHLD}, 0.05)
            self._reap()

    def _woken(self) -> None:
        self.wake.recv(4096)

    def _accept(self) -> None:
        client, _ = self.listener.accept()
        self.clients.add(client)
        self.selector.register(client, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: socket.socket) -> None:
        try:
            words, handles, _, _ = socket.recv_fds(client, 1 << 16, 3)
        except ConnectionError:
            words, handles = b"", []
        if not words:
            self._gone(client)
            return
        said = json.loads(words)
        if "signal" in said:
            for fork in self.children.values():
                if fork.client is client:
                    self._end(fork) if self.profile else os.killpg(fork.pid, said["signal"])
            return
        flavour = (tuple(said["argv"]), said["capture"]) if self.profile is None else self.flavours[0]
        self.flavours = [flavour, *(other for other in self.flavours if other != flavour)][:FLAVOURS]
        self.waiting.append((client, flavour, handles))
        self._give()
        kept = [fork.flavour for fork in self.children.values() if fork.state == "young"]
        if sum(wanted == flavour for _, wanted, _ in self.waiting) > kept.count(flavour):
            self._fork(flavour)

    def _give(self) -> None:
        """Hand ready kernels to those who wait."""
        for place in list(self.waiting):
            client, flavour, handles = place
            fork = next((c for c in self.children.values() if c.state == "ready" and c.flavour == flavour), None)
            if fork is None:
                continue
            self.waiting.remove(place)
            fork.state, fork.client = "given", client
            if self.profile is None:
                socket.send_fds(fork.control, [b"k"], handles)
            else:
                self._tell(client, {"pid": fork.pid, **(fork.told or {})})
                fork.told = None
            for handle in handles:
                os.close(handle)
            self.refill_at = time.monotonic() + REFILL

    def _refill(self) -> None:
        if time.monotonic() < self.refill_at:
            return
        self.refill_at = 0.0
        for flavour in self.flavours:
            have = [c for c in self.children.values() if c.state != "given" and c.flavour == flavour]
            for _ in range(self.spare - len(have)):
                self._fork(flavour)
        for fork in list(self.children.values()):
            if fork.state == "ready" and fork.flavour not in self.flavours:
                self._end(fork)

    def _fork(self, flavour: tuple) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder = self.folder / f"k-{secrets.token_hex(4)}"
        parent = os.getpid()
        if self.profile:
            folder.mkdir(mode=0o700)
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                self._forget()
                if self.profile:
                    child.caged(self.profile, folder, theirs)
                child.warm(list(flavour[0]), flavour[1], theirs, parent)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        theirs.close()
        fork = Child(pid, flavour, ours, folder)
        self.children[pid] = fork
        self.selector.register(ours, selectors.EVENT_READ, lambda: self._child_says(fork))

    def _forget(self) -> None:
        """In a fork: close what is the zygote's."""
        signal.set_wakeup_fd(-1)
        self.selector.close()
        for one in (
            self.listener,
            self.wake,
            self.wake_end,
            *self.clients,
            *(c.control for c in self.children.values()),
        ):
            one.close()
        for _, _, handles in self.waiting:
            for handle in handles:
                os.close(handle)

    def _child_says(self, fork: Child) -> None:
        words = fork.control.recv(1 << 16)
        if fork.state == "given" or not words:
            self.selector.unregister(fork.control)
            if words and fork.client:
                self._tell(fork.client, {"pid": fork.pid})
            return
        told = json.loads(words) if self.profile else None
        if told and "failed" in told:
            print(told["failed"], flush=True)
            return
        fork.state, fork.told = "ready", told
        self._give()

    def _tell(self, client: socket.socket, what: dict) -> None:
        with contextlib.suppress(OSError):  # it may have gone; its end of the connection will say so
            client.send(json.dumps(what).encode())

    def _gone(self, client: socket.socket) -> None:
        self.selector.unregister(client)
        self.clients.discard(client)
        client.close()
        for place in [place for place in self.waiting if place[0] is client]:
            self.waiting.remove(place)
            for handle in place[2]:
                os.close(handle)
        for fork in self.children.values():
            if fork.client is client:
                fork.client = None
                self._end(fork)

    def _end(self, fork: Child) -> None:
        if self.profile:
            os.kill(fork.pid, signal.SIGTERM)  # the keeper ends what is in the cage
        else:
            try:
                os.killpg(fork.pid, signal.SIGKILL)
            except ProcessLookupError:  # so young that it has no group yet
                os.kill(fork.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            fork = self.children.pop(pid, None)
            if fork is None:
                continue
            if fork.control in {key.fileobj for key in self.selector.get_map().values()}:
                self.selector.unregister(fork.control)
            fork.control.close()
            shutil.rmtree(fork.folder, ignore_errors=True)
            code = os.waitstatus_to_exitcode(status)
            if fork.client:
                self._tell(fork.client, {"exit": code})
            elif fork.state == "young":
                for client, flavour, _ in self.waiting:
                    if flavour == fork.flavour:
                        self._tell(client, {"error": f"a new kernel ended with code {code} before it was ready"})
                self.refill_at = time.monotonic() + TICK  # no storm of forks that all fail


def main(place: str) -> None:
    folder = Path(place)
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    profile = Profile.from_dict(settings["profile"]) if settings["profile"] else None
    rehearse.prepare(profile.imports if profile else MODELS, profile)
    if profile and profile.namespaces:
        profile = cage.strongest(profile)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    (folder / "s").unlink(missing_ok=True)
    listener.bind(str(folder / "s"))
    listener.listen(64)
    listener.setblocking(False)
    gc.collect()
    gc.freeze()
    gc.disable()
    print("listening", flush=True)  # whoever started us waits for this word
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    Zygote(folder, listener, profile, settings["idle"]).serve()
