"""Finding a zygote, or starting one, and asking it for kernels."""

import contextlib
import fcntl
import hashlib
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aigc_course.errors import CourseError
from aigc_course.grading.kernels.profile import Profile

IDLE = 60.0  # seconds that a zygote waits for its next client; AIGC_WARM_IDLE overrides
PATIENCE = 240.0  # seconds for all the imports, on a slow disk
LAUNCH = 60.0  # seconds for one kernel
LONGEST_PATH = 80  # characters of our folder; a socket's path has room for 107
# What libraries read while they are imported. Launchers that differ in one of these cannot share a zygote.
IMPORT_TIME = (
    *(
        "PYTHON",
        "IPYTHON",
        "JUPYTER_",
        "LD_",
        "LC_",
        "LANG",
        "HOME",
        "XDG_",
        "MPL",
        "VIRTUAL_ENV",
        "VSCODE",
        "TZ",
        "USE_",
    ),
    *("HF_", "HUGGINGFACE", "TRANSFORMERS_", "DIFFUSERS_", "TOKENIZERS_", "ACCELERATE_", "DATASETS_", "SAFETENSORS_"),
    *("TORCH", "PYTORCH", "CUDA", "NVIDIA", "OMP_", "MKL_", "KMP_", "OPENBLAS", "NUMEXPR", "TRITON", "GOMP", "MALLOC_"),
)
ONE_THREAD = {
    **{"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's allocator
}
# not -P, which would keep the notebook's own folder out of its kernel's path too
PROGRAM = """import sys
sys.path[:] = filter(None, sys.path)
from aigc_course.grading.kernels.zygote import main
main(sys.argv[1])"""
INLINE = "module://matplotlib_inline.backend_inline"


class ZygoteFailed(CourseError):
    """There is no zygote to be had, or it gave no kernel."""


def _failed(what: str) -> ZygoteFailed:
    return ZygoteFailed(f"热内核启动失败：{what}", f"The warm kernel did not start: {what}")


def runtime() -> Path:
    """The folder of this user's zygotes, which nobody else can enter."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = (
        Path(base) / "aigc"
        if base and os.access(base, os.W_OK)
        else Path(tempfile.gettempdir()) / f"aigc-{os.getuid()}"
    )
    if len(str(folder)) > LONGEST_PATH - 40:
        folder = Path("/tmp") / f"aigc-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise _failed(f"{folder} is not a folder that only you can enter: remove it")
    return folder


def _inherited() -> list:
    """What a child gets from its parent unasked, besides the environment, and cannot change later."""
    names = ("cgroup", "mnt", "net", "pid", "user", "ipc", "uts", "time")
    spaces = [os.readlink(f"/proc/self/ns/{name}") for name in names if os.path.exists(f"/proc/self/ns/{name}")]
    bounds = [
        resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")
    ]
    groups = Path("/proc/self/cgroup").read_text()
    affinity, nice = sorted(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0)
    return [os.getresuid(), os.getresgid(), os.getgroups(), spaces, bounds, groups, affinity, nice]


def _installed() -> list:
    """Changes when a package is installed or removed."""
    homes = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    own = sorted(Path(__file__).parent.glob("*.py"))
    return [
        os.path.realpath(sys.executable),
        sys.prefix,
        sys.version,
        *((str(p), os.stat(p).st_mtime_ns) for p in (*sorted(homes), *own)),
    ]


def _sources(profile: Profile) -> list:
    """Changes when a Python file that the sandbox shows is edited."""
    files = sorted(file for path in profile.readable if Path(path).is_dir() for file in Path(path).rglob("*.py"))
    return [(str(file), file.stat().st_mtime_ns) for file in files]


def environment(env: dict[str, str], profile: Profile | None) -> dict[str, str]:
    """The zygote's: its launcher's, with one thread. A sandbox's gets nothing that could be a secret."""
    if profile:
        kept = {name: env[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in env}
        return kept | {"LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1", "MPLBACKEND": INLINE} | ONE_THREAD | dict(profile.env)
    kept = {name: value for name, value in env.items() if not name.startswith(("JPY_", "PYTEST_"))}
    return {"MPLBACKEND": INLINE, "PYDEVD_DISABLE_FILE_VALIDATION": "1"} | kept | ONE_THREAD


def key(env: dict[str, str], profile: Profile | None) -> str:
    """The name of the zygote that serves such a launcher."""
    if profile:
        what = [profile.to_dict(), _sources(profile), environment(env, profile)]
    else:
        what = {name: value for name, value in sorted(env.items()) if name.startswith(IMPORT_TIME)}
    text = json.dumps([what, _inherited(), _installed()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with open(folder.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _connect(folder: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(folder / "s"))
        return connection
    except (FileNotFoundError, ConnectionError):
        connection.close()
        return None


def connect(env: dict[str, str], profile: Profile | None) -> tuple[socket.socket, Path]:
    """A connection to the zygote for such a launcher, which is started where there is none. Takes seconds then."""
    folder = runtime() / key(env, profile)
    if connection := _connect(folder):
        return connection, folder
    with _lock(folder):
        connection = _connect(folder)  # somebody else may have started it while we waited
        if connection is None:
            _start(folder, env, profile)
            connection = _connect(folder)
    if connection is None:
        raise _failed(f"its process has ended; see {folder / 'log'}")
    return connection, folder


def stop(env: dict[str, str], profile: Profile | None = None) -> None:
    """End the zygote for such a launcher, and its kernels, if there is one."""
    if connection := _connect(runtime() / key(env, profile)):
        with connection:
            pid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            os.kill(pid, signal.SIGTERM)


def _start(folder: Path, env: dict[str, str], profile: Profile | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    idle = float(env.get("AIGC_WARM_IDLE", IDLE))
    settings = {"profile": profile.to_dict() if profile else None, "idle": idle}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    # the shell between makes it nobody's child here: it outlives its first client, and no zombie is left to that one
    detached = ["/bin/sh", "-c", '"$@" & exit 0', "sh", *command]
    with open(folder / "log", "wb") as log:
        starter = subprocess.Popen(
            detached,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(env, profile),
            cwd="/",
            start_new_session=True,
        )
    starter.wait()
    with starter.stdout as told:
        if not select.select([told], [], [], PATIENCE)[0]:
            raise _failed(f"no word from it in {PATIENCE:.0f} s; see {folder / 'log'}")
        if told.read(len(b"listening\n")) != b"listening\n":
            last = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
            raise _failed(f"{last or 'its process ended'} ({folder / 'log'})")


class ForkedKernel:
    """A kernel that a zygote forked, with what Popen's users expect of a process."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, folder: Path, told: dict):
        self.connection, self.folder, self.told, self.pid = connection, folder, told, told["pid"]
        self.returncode: int | None = None
        self.orphaned = False  # the zygote ended first

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self.connection], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and select.select([self.connection], [], [], timeout)[0]:
            self._hear()
        if self.returncode is None:
            raise subprocess.TimeoutExpired("kernel", timeout)
        return self.returncode

    def _hear(self) -> None:
        try:
            words = self.connection.recv(4096)
        except ConnectionError:
            words = b""
        if words:
            self.returncode = json.loads(words)["exit"]
        else:  # the kernel has died with the zygote; what it had started has not
            self.returncode, self.orphaned = -signal.SIGKILL, True
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        self.connection.close()

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self.connection.send(json.dumps({"signal": int(signum)}).encode())

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def launch(
    env: dict[str, str], request: dict, streams: tuple[int, int], profile: Profile | None = None
) -> ForkedKernel:
    """A kernel that answers, from the zygote for `env`. ZygoteFailed where there is none to be had.

    request: what `child.warm` takes over, with "argv" and "capture". streams: its stdout and stderr.
    """
    for attempt in (1, 2):
        connection, folder = connect(env, profile)
        try:
            told = _ask(connection, request, streams)
        except ConnectionError:  # it was just ending for want of clients
            connection.close()
            if attempt == 2:
                raise _failed(f"its process has ended; see {folder / 'log'}") from None
            continue
        if "pid" not in told:
            connection.close()
            raise _failed(told.get("error") or f"the kernel ended with code {told.get('exit')}; see {folder / 'log'}")
        return ForkedKernel(connection, folder, told)
    raise AssertionError


def _ask(connection: socket.socket, request: dict, streams: tuple[int, int]) -> dict:
    # in a file of its own, since an environment may be larger than a message
    with os.fdopen(os.memfd_create("request"), "w+", encoding="utf-8") as file:
        json.dump(request, file)
        file.seek(0)
        words = json.dumps({"argv": request["argv"], "capture": request["capture"]}).encode()
        socket.send_fds(connection, [words], [file.fileno(), *streams])
    connection.settimeout(LAUNCH)
    try:
        words = connection.recv(1 << 16)
    except TimeoutError:
        raise _failed(f"no kernel within {LAUNCH:.0f} s") from None
    connection.settimeout(None)
    if not words:
        raise ConnectionResetError
    return json.loads(words)
