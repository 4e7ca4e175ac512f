"""Every test runs offline, in English, with a home of its own."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "guard"

# before anything of the course or of Hugging Face is imported, and inherited by every child process
os.environ |= {
    "AIGC_HOME": tempfile.mkdtemp(prefix="aigc-home-"),
    "AIGC_LANG": "en",
    "AIGC_STRICT": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONPATH": os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", "")])),
}
if getattr(sys.modules.get("sitecustomize"), "NetworkRefused", None) is None:
    sys.path.insert(0, str(GUARD))
    sys.modules.pop("sitecustomize", None)
    import sitecustomize  # noqa: F401  (guards this process as it does the children)

import torch  # noqa: E402

from aigc_course import i18n, progress  # noqa: E402


def pytest_unconfigure(config):
    shutil.rmtree(os.environ["AIGC_HOME"], ignore_errors=True)


@pytest.fixture(autouse=True)
def clean_slate(tmp_path, monkeypatch):
    """A fresh home, the machine's language and the same random numbers for each test, in whatever order they run."""
    random.seed(0)
    torch.manual_seed(0)
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "aigc-home"))
    monkeypatch.setattr(i18n, "_current", None)
    progress._memory.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips where there is none, except in CI."""
    from browser import find_chromium  # imports playwright, which most tests do without

    return find_chromium() or need("Chromium is not installed (Debian: apt install chromium)")


@pytest.fixture
def theme(request) -> str:
    """A theme of JupyterLab for each language of a widget: places depend on the language, colours on the theme."""
    shown = set(request.node.callspec.params.values()) & set(i18n.LANGS)
    return {"zh": "JupyterLab Dark", "en": "JupyterLab Light"}[shown.pop()]


@pytest.fixture(scope="session")
def chrome(chromium):
    """A headless Chromium."""
    from browser import chromium as open_chromium

    with open_chromium(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab on an empty folder, its kernels warm: what is looked at is pages, not kernels."""
    from browser import jupyterlab

    with jupyterlab(tmp_path_factory.mktemp("lab"), warm=True) as running:
        yield running


def need(reason: str):
    """What a user's machine may lack is skipped with its reason; CI must have it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must not skip: {reason}")
    pytest.skip(reason)
