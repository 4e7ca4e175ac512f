"""What a kernel needs to have imported: found by letting one run before the others."""

import builtins
import contextlib
import importlib
import importlib.util
import json
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest.mock import MagicMock, patch

from IPython.core.interactiveshell import InteractiveShell

from aigc_course.grading.kernels import app, threads
from aigc_course.grading.kernels.profile import Profile

HOOKED = ("matplotlib_inline",)  # hooks itself into the running shell on import: to be imported by each kernel
SET_BY_IMPORTS: dict[str, str] = {}  # what importing the libraries has put into the environment
# surely needed, so imported at once and not twice
OF_KERNELS = ("ipykernel.ipkernel", "ipywidgets", "matplotlib.pyplot", "pandas", "stack_data", "tqdm.auto")
# A kernel's everyday, for the rest.
EVERYDAY = """
import asyncio, json, subprocess
import ipywidgets, numpy, pandas
import matplotlib.pyplot as plt
plt.plot([0, 1])
plt.show()
plt.close("all")
ipywidgets.IntSlider()
await asyncio.sleep(0)
"""
OF_MODELS = """
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast
"""


def prepare(imports: Iterable[str], profile: Profile | None) -> None:
    """Import `imports`, and what a kernel imports that runs the everyday and the profile's rehearsal.

    RuntimeError where an import has started a thread: forks would lack it.
    """
    before = dict(os.environ)
    with _as_in_a_kernel():
        for name in (*imports, *OF_KERNELS):
            importlib.import_module(name)
        if "transformers" in imports:
            exec(OF_MODELS, {})
    hidden = [Path(path).resolve() for path in profile.hidden] if profile else []
    code = EVERYDAY + (profile.rehearsal if profile else "")
    names = _rehearse(code)
    with _as_in_a_kernel():
        for name in names:
            if name not in sys.modules and _is_wanted(name, hidden, own=profile is None):
                # some are made by hand at run time; the kernel makes them anew
                with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
                    importlib.import_module(name)
    for name in [name for name in sys.modules if name.startswith(HOOKED)]:
        del sys.modules[name]
    SET_BY_IMPORTS.update({name: value for name, value in os.environ.items() if name not in before})
    threads.set_threads(1)
    if "torch" in sys.modules:
        str(sys.modules["torch"].ones(2, 2) @ sys.modules["torch"].ones(2))  # it looks at the processor once
    tasks = os.listdir("/proc/self/task")
    if len(tasks) > 1:
        raise RuntimeError(f"an imported module has started {len(tasks) - 1} thread(s); set OMP_NUM_THREADS=1")


@contextlib.contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """Modules that ask on import whether they are in a notebook (tqdm.auto, the Trainer, pandas) hear yes."""
    stand_in = MagicMock(config={"IPKernelApp": {}})
    with (
        patch.object(InteractiveShell, "initialized", lambda: True),
        patch.object(InteractiveShell, "instance", lambda *_, **__: stand_in),
        patch.object(builtins, "get_ipython", lambda: stand_in, create=True),
    ):
        yield


def _rehearse(code: str) -> list[str]:
    """The modules that a kernel has imported after running `code`, in order."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            os.chdir(tempfile.mkdtemp(prefix="aigc-rehearsal-"))
            kernel = app.WarmKernelApp.instance()
            kernel.initialize(["--HistoryManager.enabled=False"])
            kernel.shell.run_cell(code)
            kernel.shell.run_cell("1 / 0")  # showing an error takes a dozen modules
            with open(writer, "w", encoding="utf-8") as file:
                json.dump(list(sys.modules), file)
            os.rmdir(os.getcwd())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        told = file.read()
    os.waitpid(pid, 0)
    return json.loads(told) if told else []


def _is_wanted(name: str, hidden: list[Path], own: bool) -> bool:
    """Whether the zygote should hold the module: not what the sandbox hides, and for one's own kernels only what is
    installed, since a file that is being edited must be read anew by each kernel.
    """
    if name == "__main__" or name.startswith(("__mp_", *HOOKED)):
        return False
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return False
    if spec is None or spec.origin in (None, "built-in", "frozen"):
        return spec is not None
    file = Path(spec.origin).resolve()
    if any(file.is_relative_to(path) for path in hidden):
        return False
    homes = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not own or any(file.is_relative_to(home) for home in homes)
