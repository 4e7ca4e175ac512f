"""The sandbox against code that wants out, more than its share, or to lie. After each attack the next kernel works."""

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import ordinary
import pytest

from aigc_course.grading.kernels import landlock
from aigc_course.grading.kernels.sandbox import (
    Dead,
    Malformed,
    Profile,
    Raised,
    SandboxedKernel,
    TimedOut,
    TooMuchOutput,
    for_course,
    report,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made of Linux")
SECRET = "hunter2-in-the-environment"
TRY = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what):
    try:
        return "got " + str(what())
    except BaseException as error:
        return f"{type(error).__name__} {getattr(error, 'errno', None)}"
def syscall(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *args)
    return f"refused {ctypes.get_errno()}" if result == -1 else f"got {result}"
"""


@pytest.fixture(scope="module")
def world():
    """What lies around on the grader's machine: a folder to be seen, with a part to be hidden, and others' work."""
    with tempfile.TemporaryDirectory(prefix="aigc-world-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_WARM_IDLE", "20")
        patch.setenv("OPENAI_API_KEY", SECRET)
        root = Path(folder)
        root.chmod(0o755)
        for name in ("shown/hidden", "submitted/bob", "home"):
            (root / name).mkdir(parents=True)
        (root / "shown" / "words.txt").write_text("for all to read")
        (root / "shown" / "hidden" / "answers.txt").write_text("42")
        (root / "submitted" / "bob" / "lab.ipynb").write_text("Bob's")
        yield root


@pytest.fixture(scope="module")
def profile(world) -> Profile:
    shown = world / "shown"
    sizes = {"scratch": 32, "memory": 400, "file": 16, "processes": 48, "cpu": 120}
    return Profile(imports=(), readable=(str(shown),), hidden=(str(shown / "hidden"),), **sizes)


@pytest.fixture(scope="module")
def weak(profile) -> Profile:
    """What is left where user namespaces are forbidden."""
    return Profile.from_dict({**profile.to_dict(), "namespaces": False})


@pytest.fixture
def kernel(profile):
    """A kernel to attack; afterwards the next one must work as if nothing had been."""
    with SandboxedKernel(profile) as one:
        assert one.execute(TRY, 20).status == "ok"
        yield one
    assert_works(profile)


def assert_works(profile: Profile) -> None:
    with SandboxedKernel(profile) as after:
        assert printed(after.execute("def double(x):\n    return 2 * x\nprint('hello')", 20)) == "hello\n"
        assert after.call("double", "[21]", 20) == "42"


def printed(reply) -> str:
    """All that was printed: how a print is cut into messages is a matter of timing."""
    return "".join(output.get("text", "") for output in reply.outputs)


def tried(kernel: SandboxedKernel, expression: str) -> str:
    """What came of evaluating the expression in there: "got …" or the error."""
    reply = kernel.execute(f"outcome = attempt(lambda: {expression})", 30)
    assert reply.status == "ok", reply
    return json.loads(kernel.call("outcome", None, 10))


def alive(marker: str) -> list[int]:
    """Processes of this machine whose command line holds the marker."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() and int(pid) != os.getpid():
                found.append(int(pid))
    return found


# ---- an honest kernel


def test_an_honest_notebook_finds_what_it_needs(kernel, world):
    assert tried(kernel, f"open('{world}/shown/words.txt').read()") == "got for all to read"
    assert printed(kernel.execute("!echo from a shell", 20)).strip() == "from a shell"
    plot = kernel.execute("import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()", 60).outputs
    assert any("image/png" in output.get("data", {}) for output in plot)
    assert kernel.execute("import asyncio; await asyncio.sleep(0); 1 + 1", 20).outputs[-1]["data"]["text/plain"] == "2"
    pool = "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
    assert printed(kernel.execute(pool, 30)) == "[1, 2]\n"
    kernel.put("data/table.csv", b"a,b\n1,2\n")
    assert tried(kernel, "open('data/table.csv').read()") == "got a,b\n1,2\n"
    assert kernel.execute("1 / 0", 20).error == ("ZeroDivisionError", "division by zero")
    assert kernel.execute("input()", 20).error[0] == "StdinNotImplementedError"


def test_calls_give_plain_json_or_raise(kernel):
    kernel.execute("def f(*args): return [len(args), float('nan'), (1, {'k': 'é'})]\nclass Odd: pass\nodd = Odd", 20)
    assert kernel.call("f", '["a", [1]]', 10) == '[2, NaN, [1, {"k": "é"}]]'
    for name, args, ename in (("odd", "[]", "NotPlain"), ("missing", None, "KeyError"), ("f", "[", "JSONDecodeError")):
        with pytest.raises(Raised) as caught:
            kernel.call(name, args, 10)
        assert caught.value.ename == ename


def test_the_report_says_what_is_in_force(profile, weak):
    strong = report(profile)
    assert strong["seccomp"] and strong["namespaces"] in ("root's", "user") and strong["processes_counted_apart"]
    left = report(weak)
    assert left["seccomp"] and left["namespaces"] is None and left["landlock"] == landlock.abi()


def test_the_course_profile_hides_the_graders():
    seen = for_course()
    assert any(path.endswith("aigc_course") for path in seen.readable)
    assert {"grading", "tokens.py"} <= {Path(path).name for path in seen.hidden}


# ---- reading and writing


def test_files_of_the_machine_cannot_be_read(kernel, world):
    for path in ("/etc/shadow", f"{Path.home()}/.bashrc", f"{world}/submitted/bob/lab.ipynb", __file__):
        assert tried(kernel, f"open({path!r}).read()").startswith(("FileNotFoundError", "PermissionError")), path
    for path in (str(Path.home()), str(world), f"{world}/submitted", "/", "/tmp/aigc-0", "/home"):
        assert not tried(kernel, f"os.listdir({path!r})").startswith("got ['"), path


def test_what_is_hidden_appears_empty(kernel, world):
    assert tried(kernel, f"os.listdir('{world}/shown/hidden')") in ("got []", "PermissionError 13")
    assert "Error" in tried(kernel, f"open('{world}/shown/hidden/answers.txt').read()")


def test_secrets_of_the_environment_stay_outside(kernel):
    for source in ("dict(os.environ)", "open('/proc/self/environ').read()", "open('/proc/1/environ').read()"):
        assert SECRET not in tried(kernel, source)


def test_nothing_outside_the_scratch_folder_can_be_written(kernel, world):
    places = (f"{world}/shown/words.txt", f"{world}/shown/new", f"{sys.prefix}/new", "/new", "/usr/new", "/etc/passwd")
    for path in (*places, "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches", "/proc/1/oom_score_adj"):
        assert "Error" in tried(kernel, f"open({path!r}, 'w').write('x')"), path
    for action in (f"os.remove('{world}/shown/words.txt')", f"os.chmod('{world}/shown', 0o777)"):
        assert "Error" in tried(kernel, action)
    assert (world / "shown" / "words.txt").read_text() == "for all to read"
    assert tried(kernel, "open('mine', 'w').write('x')") == "got 1"


def test_links_lead_nowhere_new(kernel, world):
    kernel.execute(f"os.symlink('{world}/submitted', 'there'); os.symlink('/etc', 'etc')", 10)
    assert "Error" in tried(kernel, "open('there/bob/lab.ipynb').read()")
    assert "Error" in tried(kernel, "open('etc/shadow').read()")
    assert "Error" in tried(kernel, f"os.link('{world}/shown/words.txt', 'hard')")


# ---- talking to others


def test_no_network(kernel):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        assert tried(kernel, f"socket.create_connection(('127.0.0.1', {port}), 2)").startswith("PermissionError")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "Error" in tried(kernel, "__import__('urllib.request').request.urlopen('http://127.0.0.1', timeout=2)")


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_no_socket_of_any_family(kernel, family):
    for kind in ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"):
        assert tried(kernel, f"socket.socket(socket.{family}, socket.{kind})").startswith("PermissionError")


def test_no_unix_socket_can_be_reached(kernel, world):
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as path:
        abstract.bind("\0aigc-test-abstract")
        abstract.listen()
        path.bind(str(world / "shown" / "sock"))
        (world / "shown" / "sock").chmod(0o777)
        kernel.execute("pair = socket.socketpair()", 10)  # streams are allowed, but lead nowhere
        for place in (f"{world}/shown/sock", "\0aigc-test-abstract"):
            assert "Error" in tried(kernel, f"pair[0].connect({place!r})")
            assert "Error" in tried(kernel, f"pair[0].sendmsg([b'x'], [], 0, {place!r})")
        assert tried(kernel, "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)").startswith("PermissionError")
        path.setblocking(False)
        with pytest.raises(BlockingIOError):
            path.recv(1)
    (world / "shown" / "sock").unlink()


# ---- taking more than its share


def test_a_fork_bomb_runs_into_its_limit(kernel):
    code = "import time\nforks = 0\ntry:\n    while True:\n        "
    code += "if os.fork() == 0: time.sleep(1000)\n        forks += 1\n"
    reply = kernel.execute(code + "except OSError as error: print(forks, error.errno)", 30)
    count, code = map(int, printed(reply).split())
    assert code == 11 and 0 < count < 48


def test_a_bomb_that_forks_from_every_fork_ends_with_its_kernel(profile):
    marker = f"aigc-bomb-{os.getpid()}"
    loop = f"import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(.02)\n# {marker}"
    with SandboxedKernel(profile) as kernel:
        kernel.execute(f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {loop!r}])", 20)
        time.sleep(0.4)
        assert 0 < len(alive(marker)) < 48
    assert alive(marker) == []
    assert_works(profile)


def test_a_thread_bomb_runs_into_its_limit(kernel):
    code = "import threading, time\nn = 0\ntry:\n    while True:\n        "
    code += "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n        n += 1\n"
    reply = kernel.execute(code + "except RuntimeError: print(n)", 30)
    assert 0 < int(printed(reply)) < 48


@pytest.mark.parametrize(
    "code",
    [
        "hoard = []\nwhile True: hoard.append(bytearray(b'x' * (8 << 20)))",
        "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 8 << 20)); x[-1].write(b'x' * (8 << 20))",
        "import time\nfor _ in range(4): os.fork()\nx = bytearray(b'x' * (60 << 20)); time.sleep(100)",
    ],
    ids=["private", "shared", "of many processes"],
)
def test_a_memory_bomb_is_ended(kernel, code):
    with pytest.raises(Dead) as caught:
        kernel.execute(code, 30)
    assert caught.value.reason == "memory"


def test_address_space_is_bounded(kernel):
    assert tried(kernel, "bytearray(8 << 30)").startswith("MemoryError")


def test_the_scratch_folder_fills_up_and_files_have_a_size(kernel):
    assert tried(kernel, "open('big', 'wb').write(bytes(20 << 20))") == "OSError 27"  # EFBIG
    kernel.execute("os.remove('big')", 10)
    bomb = "for i in range(9): open(f'/dev/shm/{i}' if i % 2 else str(i), 'wb').write(bytes(8 << 20))"
    assert kernel.execute(bomb, 20).error[1].startswith("[Errno 28]")  # ENOSPC
    inodes = "for i in range(30000): os.mkdir(f'tmp/d{i}')"
    assert kernel.execute(inodes, 30).error[1].startswith("[Errno 28]")


def test_limits_cannot_be_raised(kernel):
    kernel.execute("import resource", 10)
    for name in ("RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        raised = f"resource.setrlimit(resource.{name}, (resource.RLIM_INFINITY,) * 2)"
        assert tried(kernel, raised).startswith(("ValueError", "PermissionError")), name
    assert "MemoryError" in tried(kernel, "bytearray(8 << 30)")


@pytest.mark.parametrize(
    "code",
    [
        "print('x' * (1 << 30))",
        "while True: print('x' * 1000)",
        "from IPython.display import display\nwhile True: display('x' * 10000)",
        "os.system('yes')",
        "1 / 0 if 0 else (_ for _ in ()).throw(ValueError('x' * (64 << 20)))",
    ],
    ids=["a gigabyte", "lines", "displays", "from a subprocess", "in an error"],
)
def test_output_is_capped(profile, code):
    with SandboxedKernel(profile, max_output=1 << 20) as kernel:
        kernel.execute("import os", 10)
        start = time.monotonic()
        with pytest.raises((TooMuchOutput, Dead)) as caught:
            kernel.execute(code, 30)
        assert time.monotonic() - start < 20
        assert caught.type is TooMuchOutput or caught.value.reason == "memory"
    assert_works(profile)


def test_an_enormous_result_is_too_much(profile):
    with SandboxedKernel(profile, max_output=1 << 20) as kernel:
        kernel.execute("def f(): return 'x' * (8 << 20)", 10)
        with pytest.raises(TooMuchOutput):
            kernel.call("f", "[]", 20)
    assert_works(profile)


# ---- not ending


def test_a_loop_that_hears_the_interrupt_leaves_the_kernel_usable(kernel):
    with pytest.raises(TimedOut) as caught:
        kernel.execute("kept = 7\nwhile True: pass", 0.5, interrupt=True)
    assert caught.value.alive
    assert kernel.call("kept", None, 10) == "7"


@pytest.mark.parametrize(
    "code",
    [
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import time\nwhile True:\n    try:\n        while True: time.sleep(0.05)\n    except BaseException: pass",
        "os.kill(os.getpid(), 19)",  # SIGSTOP
        "get_ipython().kernel.session.send = lambda *args, **kw: None",  # never answers again
    ],
    ids=["ignored", "caught", "stopped", "silent"],
)
def test_a_kernel_that_ignores_interrupts_is_ended(kernel, code):
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        kernel.execute(code, 0.5, interrupt=True)
    assert not caught.value.alive
    assert time.monotonic() - start < 8
    with pytest.raises(Dead):
        kernel.execute("1", 1)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("os._exit(3)", "exit 3"), ("os.abort()", "signal 6"), ("os.kill(os.getpid(), 9)", "signal 9")],
)
def test_a_kernel_that_ends_is_dead(kernel, code, reason):
    with pytest.raises(Dead) as caught:
        kernel.execute(code, 20)
    assert caught.value.reason == reason


def test_closing_every_file_harms_only_itself(kernel):
    with pytest.raises((Dead, TimedOut, TooMuchOutput)):
        kernel.execute("os.closerange(0, 256)", 3)


def test_no_core_dump(kernel):
    assert tried(kernel, "__import__('resource').getrlimit(4)") == "got (1, 1)"
    kernel.execute("import subprocess; subprocess.run([sys.executable, '-c', 'import os; os.abort()'])", 20)
    assert "core" not in tried(kernel, "os.listdir('.')")


# ---- reaching other processes


def test_other_processes_cannot_be_signalled(kernel):
    zygote = int(Path(f"/proc/{kernel.process.pid}/stat").read_text().rpartition(")")[2].split()[1])
    for pid in (os.getpid(), kernel.process.pid, zygote):
        assert tried(kernel, f"os.kill({pid}, 9)").startswith(("ProcessLookupError", "PermissionError"))
    for pid in ("os.getppid()", "1"):
        tried(kernel, f"os.kill({pid}, 15)")
    assert tried(kernel, "6 * 7") == "got 42"  # pid 1 of a namespace hears only what it listens to
    reader = SandboxedKernel(kernel.profile)
    with reader:
        with pytest.raises((Dead, TimedOut)):
            kernel.execute("attempt(lambda: os.kill(-1, 9))\nos.kill(os.getpid(), 9)", 5)
        assert reader.execute("1", 10).status == "ok"


def test_daemons_end_with_their_kernel(profile):
    marker = f"aigc-daemon-{os.getpid()}"
    code = f"""
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000) # {marker}"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(1000) # {marker}"])
    os._exit(0)
"""
    with SandboxedKernel(profile) as kernel:
        kernel.execute(code, 20)
        time.sleep(0.3)
        assert len(alive(marker)) == 2
    assert alive(marker) == []
    assert_works(profile)


def test_memory_of_others_is_out_of_reach(kernel):
    for path in ("/proc/1/mem", f"/proc/{os.getpid()}/mem", f"/proc/{kernel.process.pid}/mem"):
        for mode in ("rb", "r+b"):
            assert "Error" in tried(kernel, f"open({path!r}, {mode!r})"), path


CALLS = {  # x86_64's numbers
    **{"ptrace": 101, "process_vm_readv": 310, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161},
    **{"unshare": 272, "setns": 308, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "keyctl": 250},
    **{"add_key": 248, "io_uring_setup": 425, "memfd_create": 319, "shmget": 29, "mknod": 133, "kexec_load": 246},
    **{"open_tree": 428, "fsopen": 430, "mount_setattr": 442, "memfd_secret": 447, "seccomp": 317, "clone3": 435},
    **{
        "init_module": 175,
        "open_by_handle_at": 304,
        "pidfd_getfd": 438,
        "a call of tomorrow": 600,
        "x32's read": 1 << 30,
    },
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are x86_64's")
def test_dangerous_system_calls_are_refused(kernel):
    code = f"outcome = {{name: syscall(number, 0, 0, 0, 0, 0) for name, number in {CALLS!r}.items()}}"
    assert kernel.execute(code, 20).status == "ok"
    outcome = json.loads(kernel.call("outcome", None, 10))
    assert {name: result for name, result in outcome.items() if result not in ("refused 1", "refused 38")} == {}
    for flag in (0x10000000, 0x20000000, 0x00020000, 0x40000000):  # clone into a new namespace
        kernel.execute(f"outcome = syscall(56, {flag} | 17, 0, 0, 0, 0)", 10)
        assert kernel.call("outcome", None, 10) == '"refused 1"'


def test_no_privilege_can_be_had(kernel):
    for action in ("os.setuid(0)", "os.setgid(0)", "os.chroot('.')", "os.mknod('dev', 0o60666, 0x801)", "os.nice(-5)"):
        assert tried(kernel, action).startswith(("PermissionError", "OSError")), action
    status = tried(kernel, "[l for l in open('/proc/self/status') if l.startswith(('Cap', 'NoNew'))]")
    assert (
        "CapEff:\\t0000000000000000" in status
        and "CapBnd:\\t0000000000000000" in status
        and "NoNewPrivs:\\t1" in status
    )


# ---- lying

FORGE = """
kernel = get_ipython().kernel
def reply(content, kind="execute_reply", parent=None, times=1):
    thread = getattr(kernel, "shell_channel_thread", None)
    stream = thread.manager.get_subshell_to_shell_channel_socket(None) if thread else kernel.shell_stream
    parent = parent or kernel.get_parent("shell")
    ident = kernel._shell_parent_ident
    for _ in range(times):
        kernel.session.send(stream, kind, content, parent, ident.get() if hasattr(ident, "get") else ident["shell"])
def raw(frames):
    kernel.iopub_thread.send_multipart(frames)
"""


def test_a_forged_reply_is_no_worse_than_a_lie(kernel):
    kernel.execute(FORGE, 20)
    assert kernel.execute("reply({'status': 'ok', 'forged': 1}); raise ValueError", 20).status == "ok"
    assert (
        kernel.execute("raise ValueError", 20).status == "error"
    )  # the true one of the last request is not this one's
    kernel.execute("old = kernel.get_parent('shell')", 20)
    assert kernel.execute("reply({'status': 'ok'}, parent=old, times=50); 1 / 0", 20).error[0] == "ZeroDivisionError"
    assert tried(kernel, "6 * 7") == "got 42"


def test_a_reply_sent_twice_counts_once(kernel):
    kernel.execute(FORGE, 20)
    kernel.execute("reply({'status': 'ok'}, times=3)", 20)
    kernel.execute("def f(): return 'truth'", 20)
    assert kernel.call("f", "[]", 20) == '"truth"'


@pytest.mark.parametrize(
    "code",
    [
        "raw([b'x'])",
        "raw([b'<IDS|MSG>'])",
        "raw([b'<IDS|MSG>', b'wrong signature', b'{}', b'{}', b'{}', b'{}'])",
        "raw([b'<IDS|MSG>', kernel.session.sign([b'[' * 100000] * 4), *[b'[' * 100000] * 4])",
        "raw([b'<IDS|MSG>', kernel.session.sign([b'[]'] * 4), *[b'[]'] * 4])",
        "raw([b'<IDS|MSG>', kernel.session.sign([b'9' * 9999] * 4), *[b'9' * 9999] * 4])",
        "raw([b'<IDS|MSG>', kernel.session.sign([b'{\"msg_type\": 1}'] * 4), *[b'{\"msg_type\": 1}'] * 4])",
        "reply({'status': 'maybe'})",
    ],
    ids=["junk", "nothing", "signature", "depth", "no object", "huge number", "type", "status"],
)
def test_what_no_honest_kernel_sends_is_malformed(kernel, code):
    kernel.execute(FORGE, 20)
    with pytest.raises(Malformed):
        kernel.execute(code + "\nimport time; time.sleep(1)", 20)
    with pytest.raises(Dead):
        kernel.execute("1", 1)


def test_a_result_of_the_wrong_type_is_malformed(kernel):
    kernel.execute(FORGE + "def f(): reply({'status': 'ok', 'json': ['a']}, 'aigc_call_reply')", 20)
    with pytest.raises(Malformed):
        kernel.call("f", "[]", 10)


def test_its_sockets_cannot_be_replaced(kernel):
    place = Path(kernel.process.told["connection"]["ip"]).parent
    assert "Error" in tried(kernel, f"os.listdir('{place}')")
    assert "Error" in tried(kernel, f"os.remove('{place}/c-1')")
    assert "Error" in tried(kernel, "__import__('zmq').Context.instance().socket(3).bind('ipc:///scratch/mine')")
    kernel.execute("1", 10)


# ---- where less is in force, and as who


def test_without_namespaces_files_network_and_processes_are_still_guarded(weak, world):
    marker = f"aigc-weak-{os.getpid()}"
    with SandboxedKernel(weak) as kernel:
        assert kernel.force["namespaces"] is None
        kernel.execute(TRY, 20)
        assert "Error" in tried(kernel, f"open('{world}/submitted/bob/lab.ipynb').read()")
        assert "Error" in tried(kernel, f"open('{world}/shown/hidden/answers.txt').read()")
        assert "for all" in tried(kernel, f"open('{world}/shown/words.txt').read()")
        assert "Error" in tried(kernel, f"open('{world}/shown/words.txt', 'w')")
        assert tried(kernel, "socket.socket()").startswith("PermissionError")
        for pid in (os.getpid(), kernel.process.pid):
            assert tried(kernel, f"os.kill({pid}, 9)").startswith("PermissionError")
        assert "Error" in tried(kernel, f"open('/proc/{os.getpid()}/environ').read()")
        daemon = f"import time; time.sleep(1000) # {marker}"
        kernel.execute(
            f"import subprocess; subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True)", 20
        )
        time.sleep(0.3)
        assert len(alive(marker)) == 1
        scratch = json.loads(kernel.call("scratch", None, 10)) if kernel.execute("scratch = os.getcwd()", 10) else ""
        with pytest.raises(Dead) as caught:
            kernel.execute(
                "for i in range(99): open(str(i), 'wb').write(os.urandom(8 << 20))\nimport time; time.sleep(9)", 30
            )
        assert caught.value.reason == "disk"
    assert alive(marker) == [] and not os.path.exists(scratch)
    assert_works(weak)


def test_a_zygote_that_is_killed_gives_a_clear_error_and_a_successor(profile):
    with SandboxedKernel(profile) as kernel:
        keeper = kernel.process.pid
        zygote = int(Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(zygote, signal.SIGKILL)
        with pytest.raises(Dead) as caught:
            kernel.execute("import time; time.sleep(30)", 20)
        assert caught.value.reason == "the zygote ended"
    for _ in range(50):
        if not os.path.exists(f"/proc/{keeper}"):
            break
        time.sleep(0.1)
    assert not os.path.exists(f"/proc/{keeper}")
    assert_works(profile)


AS_ANYONE = (
    "files_of_the_machine or fork_bomb or no_network or memory_bomb or daemons or privilege or without_namespaces"
)


def test_all_this_holds_for_an_ordinary_user_too():
    """The walls of an ordinary user are others than root's: a part of this file again, as nobody."""
    ordinary.run_again(__file__, "-k", AS_ANYONE)
