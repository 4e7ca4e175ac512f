"""A real JupyterLab and a headless Chromium, for the tests, the benchmarks and the screenshots.

with jupyterlab(folder) as lab, browser(executable) as chrome:
    page = lab.open(chrome, "book.ipynb", watch=Watch())
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Locator, Page, sync_playwright

LOCAL = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUIET = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    # every cell in the page at once: a test looks at them all
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


READY = """() => {
  const book = window.jupyterapp?.shell.currentWidget;
  return book?.context?.isReady && book.content?.widgets.length === book.content?.model?.cells.length
    && book.sessionContext?.session?.kernel?.status === 'idle';
}"""
ALL_RUN = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  return cells.length > 0 && cells.every((cell) => cell.type !== 'code' || cell.executionCount !== null);
}"""


def find_chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def wear(page: Page, theme: str) -> None:
    """Put on one of JupyterLab's themes and wait until it is there."""
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)


def nameless(root: Locator, kinds: str) -> list[str]:
    """The elements of these kinds (a CSS selector) within `root` that have no name for those who cannot see them."""
    return root.locator(kinds).evaluate_all(
        "all => all.filter(e => !(e.ariaLabel || e.innerText || e.labels?.[0]?.innerText)).map(e => e.outerHTML)"
    )


def too_wide(root: Locator, beyond: float = 0.5) -> list[str]:
    """The elements within `root` that end more than `beyond` pixels to the right of it."""
    return root.evaluate(
        "(root, beyond) => { const edge = root.getBoundingClientRect().right + beyond;"
        " return [...root.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > edge)"
        ".map(e => e.outerHTML.slice(0, 200)); }",
        beyond,
    )


@dataclass
class Watch:
    """What went wrong in a page: filled by `attach` while the page lives."""

    failed: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.on("request", lambda request: self._leaves(request.url))
        page.on("websocket", lambda socket: self._leaves(socket.url))
        page.on("requestfailed", lambda request: self.failed.append(f"{request.url} {request.failure}"))
        page.on("response", lambda r: self.failed.append(f"{r.url} {r.status}") if r.status >= 400 else None)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _leaves(self, url: str) -> None:
        host = url.split("://", 1)[-1].split("/", 1)[0].split(":")[0]
        if host != LOCAL and not url.startswith(("data:", "blob:", "about:")):
            self.outside.append(url)


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path

    def write(self, name: str, cells: list[str]) -> None:
        """A notebook with these code cells in the served folder."""
        made = [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for i, cell in enumerate(cells)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": made}
        (self.folder / name).write_text(json.dumps(book), encoding="utf-8")

    def open(self, browser: Browser, name: str, watch: Watch, width: int = 1280, height: int = 900, **options) -> Page:
        """The notebook in a page of its own, every cell run, the widgets on the screen."""
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.set_default_timeout(120_000)  # a busy machine starts a kernel slowly
        watch.attach(page)
        page.goto(f"{self.url}/doc/tree/{name}")
        page.wait_for_function(READY)  # a kernel may be there before the notebook is, and then nothing would run
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(ALL_RUN)
        return page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return probe.getsockname()[1]


@contextmanager
def jupyterlab(folder: Path, warm: bool = False) -> Iterator[Lab]:
    """A JupyterLab on `folder` that reads and writes no settings of this machine's user; ended on leaving.

    warm: kernels begin with torch and transformers imported, which saves each of them seconds.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as own:
        settings = Path(own, "settings")
        for name, values in QUIET.items():
            path = settings / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
        env = os.environ | {f"JUPYTER_{key}_DIR": str(Path(own, name)) for key, name in places.items()}
        env |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(Path(own, "workspaces"))}
        env |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")])}
        env |= {"JUPYTER_DEFAULT_PROVISIONER_NAME": "aigc-warm"} if warm else {}
        env.setdefault("AIGC_HOME", str(Path(own, "home")))
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--ip={LOCAL}",
            f"--port={port}",
        ]
        command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
        command += ["--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"]
        log = Path(own, "log.txt")
        with log.open("w") as out:
            server = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=folder)
        try:
            _wait(server, f"http://{LOCAL}:{port}/api/status", log)
            yield Lab(f"http://{LOCAL}:{port}", folder)
        finally:
            _end(server)


def _end(server: subprocess.Popen) -> None:
    """End the server; one that waits for a kernel that has only begun to start is killed with all that it started."""
    started = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _wait(server: subprocess.Popen, url: str, log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """A headless Chromium; names other than this machine's do not resolve in it."""
    rules = f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {LOCAL}"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=[*CHROMIUM_FLAGS, rules])
        try:
            yield browser
        finally:
            browser.close()
