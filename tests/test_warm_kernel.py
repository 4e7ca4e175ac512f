"""The warm kernel does what the stock kernel does: each thing is run on both, and the stock one is the oracle."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from aigc_course.grading.kernels import client, provisioner
from aigc_course.grading.kernels.provisioner import WarmProvisioner, own_arguments

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are warm on Linux only")
ADDRESS = re.compile("0x[0-9a-f]+|ipykernel_[0-9]+")
BOTH = ("local-provisioner", "aigc-warm")
MODELS = "import torch, transformers, diffusers"


@contextlib.contextmanager
def launched(name: str, folder: Path, extra=(), **env):
    """A kernel of either kind at work in `folder`: (manager, client)."""
    factory = KernelProvisionerFactory.instance()
    before, factory.default_provisioner_name = factory.default_provisioner_name, name
    # a kernel that knows it is under pytest does not listen to file descriptors
    clean = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
    manager = KernelManager(connection_file=str(folder / f"{name}-{time.monotonic_ns()}.json"))
    try:
        manager.start_kernel(
            cwd=str(folder), env=clean | env, extra_arguments=["--IPKernelApp.log_level=CRITICAL", *extra]
        )
        kc = manager.client()
        kc.start_channels()
        kc.wait_for_ready(timeout=60)
        try:
            yield manager, kc
        finally:
            kc.stop_channels()
            manager.shutdown_kernel(now=True)
    finally:
        factory.default_provisioner_name = before


def run(kc, code: str, stdin: str | None = None, timeout: float = 60) -> list:
    """What a cell gives: (kind, what matters of it) of each output, text of a stream joined."""
    seen: list = []

    def hook(message):
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            if seen and seen[-1][0] == content["name"]:
                seen[-1] = (content["name"], seen[-1][1] + content["text"])
            else:
                seen.append((content["name"], content["text"]))
            seen[-1] = (seen[-1][0], ADDRESS.sub("0x", seen[-1][1]))
        elif kind in ("display_data", "execute_result"):
            data = content["data"]
            seen.append((kind, sorted(data), ADDRESS.sub("0x", data["text/plain"].partition("(")[0])))
        elif kind == "error":
            seen.append((kind, content["ename"], content["evalue"]))
        elif kind == "comm_open":
            seen.append((kind, content["target_name"]))

    answer = (lambda _: kc.input(stdin)) if stdin is not None else None
    kc.execute_interactive(
        code, output_hook=hook, stdin_hook=answer, allow_stdin=stdin is not None, timeout=timeout, store_history=True
    )
    return seen


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_WARM_IDLE", "150")
        folder = tmp_path_factory.mktemp("kernels")
        (folder / "beside.py").touch()
        yield folder
        client.stop(dict(os.environ))


@pytest.fixture(scope="module")
def pair(place):
    """One kernel of each kind, for the cells that leave nothing behind."""
    wish = {"AIGC_WISH": "from the launcher", "OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"]}
    with launched(BOTH[0], place, **wish) as (_, stock), launched(BOTH[1], place, **wish) as (manager, warm):
        assert isinstance(manager.provisioner, WarmProvisioner)
        assert isinstance(manager.provisioner.process, client.ForkedKernel)
        yield stock, warm


@pytest.fixture
def warm(place):
    with launched("aigc-warm", place) as both:
        yield both


CELLS = {
    "result": "1 + 1",
    "state": "x = 5; print(x)\nx",
    "error": "1 / 0",
    "syntax error": "def",
    "async": "import asyncio\nawait asyncio.sleep(0.01)\nprint('slept')",
    "async in parallel": "await asyncio.gather(*(asyncio.sleep(0.01, i) for i in range(3)))",
    "shell": "!echo from a shell",
    "subprocess": "from subprocess import run; print(run(['cat'], input='fed', capture_output=True, text=True).stdout)",
    "output of a subprocess": "import os, time; os.system('echo raw'); time.sleep(0.3)",
    "file descriptors": "import os, time; n = os.write(1, b'by hand'); time.sleep(0.3)",
    "stderr": "import sys; print('oh', file=sys.stderr)",
    "threads": "import threading\nt = threading.Thread(target=print, args=('in a thread',)); t.start(); t.join()",
    "multiprocessing": """
        import multiprocessing as mp
        with mp.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-1, -2]))""",
    "forked output": """
        import os, sys, time
        if os.fork() == 0:
            print("from a fork", flush=True)
            os._exit(0)
        os.wait(); time.sleep(0.3)""",
    "DataLoader workers": """
        from torch.utils.data import DataLoader
        print([int(x) for x in DataLoader(range(4), num_workers=2, batch_size=None)])""",
    "torch": "import torch; torch.manual_seed(1); print(torch.rand(2), torch.get_num_threads())",
    "matmul": "torch.manual_seed(1); print((torch.rand(300, 300) @ torch.rand(300, 300)).sum())",
    "numpy": "import numpy as np\nprint(np.random.default_rng(1).random(3), (np.ones((9, 9)) @ np.ones(9)).sum())",
    "wide table": "import pandas; print(pandas.DataFrame([{f'a long column {i}': i for i in range(30)}]))",
    "plot": "import matplotlib.pyplot as plt; plt.plot([1, 2])",
    "plot with the magic": "%matplotlib inline\nplt.plot([1, 2]); plt.show()",
    "plot in SVG": "%config InlineBackend.figure_formats = ['svg']\nplt.plot([1, 2]); plt.show()",
    "backend": "import matplotlib, os; print(matplotlib.get_backend(), os.environ['MPLBACKEND'])",
    "widget": "import ipywidgets; slider = ipywidgets.IntSlider(3); slider",
    "widget with a callback": "slider.observe(lambda change: print(change['new']), 'value'); slider.value = 4",
    "progress bar": "from tqdm.auto import tqdm; print([c.__module__ for c in tqdm.__mro__])",
    "a Trainer's progress": "from transformers.trainer import DEFAULT_PROGRESS_CALLBACK as c; print(c)",
    "display": "from IPython.display import HTML, display; display(HTML('<b>x</b>'), {'a': 1})",
    "magics": "%env AIGC_WISH",
    "folder": "%pwd",
    "environment": "import os; print(sorted(dict(os.environ).items()))",
    "process": """
        import os, signal, sys
        mask = os.umask(0); os.umask(mask)
        print(os.getpgid(0) == os.getpid() == os.getsid(0), oct(mask), os.getpriority(os.PRIO_PROCESS, 0))
        print(signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD), signal.pthread_sigmask(0, ()))
        print([os.path.basename(word) for word in sys.argv if ".json" not in word], sys.executable, sys.path)
        print(sys.flags.optimize, sys.flags.dev_mode, sys.flags.utf8_mode, repr(sys.stdin.read()))""",
    "a module beside the notebook": "import beside; print(beside.__file__)",
    "modules": "print(__name__, sys.modules['__main__'].__dict__ is globals(), type(get_ipython()).__name__)",
    "garbage": "import gc; print(gc.isenabled(), gc.get_threshold())",
    "locale": "import locale; print(locale.setlocale(0), sys.stdout.encoding, sys.getfilesystemencoding())",
    "limits": "import resource; print([resource.getrlimit(n) for n in range(16)])",
    "temporary files": "import tempfile; print(os.path.dirname(tempfile.mkdtemp()))",
    "warnings": "import warnings; warnings.warn('careful')",
    "history": "%history -l 1",
    "inspection": "import os\nos.getcwd?",
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_gives_what_it_gives_in_a_stock_kernel(pair, name):
    stock, warm = (run(kc, textwrap.dedent(CELLS[name])) for kc in pair)
    if name == "environment":
        # what importing a library leaves in the environment comes with the first use there, ahead of it here
        stock, warm = (dict(eval(outputs[0][1])) for outputs in (stock, warm))
        keys = {key for key in stock.keys() | warm.keys() if stock.get(key) != warm.get(key)}
        assert {"AIGC_WISH", "JPY_PARENT_PID", "PATH", "HOME"} <= warm.keys()
        assert not {
            key for key in keys if key.startswith(("AIGC", "JPY", "OMP", "PYTHON", "HF_", "HOME", "PATH", "MPL"))
        }
        assert keys <= {"TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}
        return
    assert warm == stock and (warm or name == "forked output" or name == "inspection")


def test_a_frontend_can_open_a_widget(pair):
    controls = {f"_{what}_module": "@jupyter-widgets/controls" for what in ("model", "view")}
    versions = {f"_{what}_module_version": "2.0.0" for what in ("model", "view")}
    state = {"_model_name": "IntSliderModel", "_view_name": "IntSliderView", "value": 7, **controls, **versions}
    for kc in pair:
        run(kc, "import ipywidgets")
        content = {"comm_id": "c1", "target_name": "jupyter.widget", "data": {"state": state, "buffer_paths": []}}
        kc.shell_channel.send(kc.session.msg("comm_open", content, metadata={"version": "2.1.0"}))
        assert run(kc, "from comm import get_comm_manager as g; print('c1' in g().comms)") == [("stdout", "True\n")]


@pytest.mark.parametrize("name", BOTH)
def test_stdin_interrupt_restart_and_exit(name, place, tmp_path):
    with launched(name, place) as (manager, kc):
        assert run(kc, "print(input('name? '))", stdin="Ada") == [("stdout", "Ada\n")]
        threading_timer = (
            f"import threading, os, signal\nthreading.Timer(1, lambda: os.kill({os.getpid()}, 10)).start()"
        )
        with _on_signal(10, manager.interrupt_kernel):
            started = time.monotonic()
            interrupted = run(kc, threading_timer + "\nimport time\nfor _ in range(300): time.sleep(0.1)")
        assert interrupted[-1][:2] == ("error", "KeyboardInterrupt") and time.monotonic() - started < 20
        assert run(kc, "kept = 1; print(kept)") == [("stdout", "1\n")]
        old = manager.provisioner.pid
        manager.restart_kernel(now=True)
        kc.wait_for_ready(timeout=60)
        assert manager.provisioner.pid != old
        assert run(kc, "kept")[0][:2] == ("error", "NameError")
        run(kc, f"import atexit; atexit.register(lambda: open({str(tmp_path / 'bye')!r}, 'w').write('bye'))")
        manager.shutdown_kernel()
        assert (tmp_path / "bye").read_text() == "bye"
        assert not manager.is_alive()


@contextlib.contextmanager
def _on_signal(number, action):
    """Do `action` in this process when a signal comes: the main thread waits for the kernel's answer meanwhile."""
    before = signal.signal(number, lambda *_: action())
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("name", BOTH)
def test_a_kernel_that_ends_is_noticed(name, place):
    with launched(name, place) as (manager, kc):
        kc.execute("import os; os._exit(3)")
        for _ in range(100):
            if not manager.is_alive():
                break
            time.sleep(0.05)
        assert not manager.is_alive()


def test_kernels_are_strangers_to_each_other(place):
    code = (
        "import random, numpy, torch, os, tempfile, uuid\nprint(random.random(), numpy.random.rand(), torch.rand(1), "
    )
    code += "os.path.basename(tempfile.mkdtemp()), uuid.uuid4())"
    with launched("aigc-warm", place) as (_, one), launched("aigc-warm", place) as (_, other):
        mine, theirs = (run(kc, code)[0][1].split() for kc in (one, other))
        assert not set(mine) & set(theirs)
        run(one, "import math; math.pi = 3; leak = 1")
        assert run(other, "import math; print(math.pi > 3, 'leak' in globals())") == [("stdout", "True False\n")]


def family_pss(kernel: int) -> float:
    """MB of memory of a kernel's zygote and all its children, shared pages counted once."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    members = [pid for pid, parent in parents.items() if parent == parents[kernel]] + [parents[kernel]]
    lines = [line for pid in members for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def test_another_kernel_costs_little_memory(place):
    """How soon it is ready is for the benchmark to say."""
    with launched("aigc-warm", place) as (manager, kc), contextlib.ExitStack() as more:
        assert run(kc, MODELS, timeout=200) == []
        time.sleep(2)  # the zygote replaces the kernel that it gave away
        alone = family_pss(manager.provisioner.pid)
        for _ in range(2):
            assert run(more.enter_context(launched("aigc-warm", place))[1], MODELS, timeout=200) == []
        time.sleep(2)
        assert (family_pss(manager.provisioner.pid) - alone) / 2 < 100


def test_other_commands_are_left_to_the_stock_provisioner():
    ours = [sys.executable, "-m", "ipykernel_launcher", "-f", "k.json"]
    assert own_arguments(ours) == ["-f", "k.json"]
    assert own_arguments([sys.executable, "-Xfrozen_modules=off", *ours[1:], "--debug"]) == ["-f", "k.json", "--debug"]
    for other in (["ir", *ours[1:]], ["/usr/bin/python9", *ours[1:]], [sys.executable, "-O", *ours[1:]], []):
        assert own_arguments(other) is None


@pytest.mark.parametrize("why", ["another system", "no zygote"])
def test_where_it_cannot_be_warm_it_is_the_stock_kernel_and_says_so_once(why, place, monkeypatch, capfd):
    provisioner._said.clear()
    if why == "another system":
        monkeypatch.setattr(provisioner.sys, "platform", "darwin")
    else:
        monkeypatch.setattr(client, "connect", lambda *_: (_ for _ in ()).throw(client._failed("a test")))
    for _ in range(2):
        with launched("aigc-warm", place) as (manager, kc):
            assert isinstance(manager.provisioner.process, subprocess.Popen)
            assert run(kc, "1") == [("execute_result", ["text/plain"], "1")]
    assert capfd.readouterr().err.count("stock kernel") == 1


def test_many_at_once(place):
    async def start():
        factory = KernelProvisionerFactory.instance()
        from jupyter_client.manager import AsyncKernelManager

        before, factory.default_provisioner_name = factory.default_provisioner_name, "aigc-warm"
        managers = [AsyncKernelManager(connection_file=str(place / f"many-{n}.json")) for n in range(4)]
        try:
            await asyncio.gather(*(manager.start_kernel() for manager in managers))
            return len({manager.provisioner.pid for manager in managers})
        finally:
            factory.default_provisioner_name = before
            await asyncio.gather(*(manager.shutdown_kernel(now=True) for manager in managers))

    assert asyncio.run(start()) == 4


def gone(pids: list[int], seconds: float = 5) -> bool:
    for _ in range(int(seconds * 20)):
        if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_a_launcher_that_is_killed_leaves_nothing_behind(place):
    code = """
import json, sys, time
from jupyter_client.manager import KernelManager
manager = KernelManager()
manager.start_kernel()
client = manager.client(); client.start_channels(); client.wait_for_ready(timeout=60)
said = []
client.execute_interactive(
    "import subprocess, os; p = subprocess.Popen(['sleep', '1000']); print(os.getpid(), p.pid)",
    output_hook=lambda m: said.append(m["content"].get("text", "")))
print(type(manager.provisioner.process).__name__, *"".join(said).split(), flush=True)
time.sleep(1000)
"""
    env = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "aigc-warm"}
    env.pop("PYTEST_CURRENT_TEST", None)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env, text=True) as launcher:
        kind, *pids = launcher.stdout.readline().split()
        launcher.kill()
    assert kind == "ForkedKernel" and len(pids) == 2
    assert gone(list(map(int, pids)))


def test_a_zygote_that_is_killed_is_reported_and_replaced(warm, place, caplog):
    manager, kc = warm
    pid = manager.provisioner.pid
    children = run(kc, "import subprocess; p = subprocess.Popen(['sleep', '1000']); print(p.pid)")[0][1]
    zygote = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(zygote, signal.SIGKILL)
    assert gone([pid]) and not manager.is_alive() and gone([int(children)])
    assert "a restart brings up another" in caplog.text
    manager.restart_kernel(now=True)
    kc.wait_for_ready(timeout=60)
    assert run(kc, "6 * 7") == [("execute_result", ["text/plain"], "42")]
    assert isinstance(manager.provisioner.process, client.ForkedKernel)


def test_a_zygote_ends_when_nobody_needs_it(tmp_path, monkeypatch):
    # small: it imports nothing but the kernel
    monkeypatch.setattr(client, "IMPORT_TIME", (*client.IMPORT_TIME, "AIGC_ALONE"))
    env = {**os.environ, "AIGC_WARM_IDLE": "1", "AIGC_ALONE": str(tmp_path)}
    profile = client.Profile(imports=(), env=(("AIGC_ALONE", str(tmp_path)),))
    connection, folder = client.connect(env, profile)
    connection.close()
    for _ in range(200):
        if not (folder / "s").exists():
            break
        time.sleep(0.1)
    assert not (folder / "s").exists()


TOOLS = {
    "nbclient": ["-m", "jupyter", "execute", "book.ipynb"],
    "papermill": ["-m", "papermill", "book.ipynb", "out.ipynb", "--no-progress-bar"],
    "nbval": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "book.ipynb"],
    "nbconvert, as nbgrader runs it": [
        *("-c", "import nbformat; from nbgrader.preprocessors import Execute; nb = nbformat.read('book.ipynb', 4); "),
    ],
}
TOOLS["nbconvert, as nbgrader runs it"][1] += "Execute().preprocess(nb, {}); print(nb.cells[0].outputs[0].text)"


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_use_it_unmodified(tool, tmp_path, place):
    """A cell asks who its parent is: a zygote. nbval compares with the answer that is stored."""
    who = "print('zygote' in open(f'/proc/{__import__(\"os\").getppid()}/cmdline').read())"
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"{who}\nassert 'torch' in __import__('sys').modules")]
    )
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="True\n")]
    book.cells[0].execution_count = 1
    nbformat.write(book, tmp_path / "book.ipynb")
    env = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "aigc-warm"}
    done = subprocess.run(
        [sys.executable, *TOOLS[tool]], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if tool == "papermill":
        assert json.loads((tmp_path / "out.ipynb").read_text())["cells"][0]["outputs"][0]["text"] == ["True\n"]


def test_the_provisioner_is_registered():
    entry = KernelProvisionerFactory.instance().get_provisioner_entries()
    assert entry["aigc-warm"] == "aigc_course.grading.kernels.provisioner:WarmProvisioner"
    assert issubclass(WarmProvisioner, LocalProvisioner)
