"""The command line and the course home."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from aigc_course import cli, course, doctor, home, i18n, progress
from aigc_course.book import build as book_build
from aigc_course.book import run as book_run
from aigc_course.book.run import Result

AIGC = Path(sys.executable).with_name("aigc")
COMMANDS = ["start", "doctor", "run", "build", "slides", "site", "models", "serve", "train", "release", "grade"]


def aigc(*words: str):
    return CliRunner().invoke(cli.main, list(words))


# --- all commands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    result = aigc(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize(("lang", "word"), [("zh", "检查这台电脑"), ("en", "Check this machine")])
def test_help_is_in_the_readers_language_and_quick(lang, word):
    shown = subprocess.run([AIGC, "--help"], env=os.environ | {"AIGC_LANG": lang}, capture_output=True, text=True)
    assert shown.returncode == 0
    assert word in shown.stdout
    assert re.findall(r"^  ([a-z]+)  ", shown.stdout, re.M) == COMMANDS
    code = "import sys, aigc_course.cli; print(sorted(set(sys.modules) & {'torch', 'transformers', 'IPython', 'rich'}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]", "help waits for no library"


def test_an_error_that_the_reader_cannot_mend_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(course, "lesson", lambda slug: 1 / 0)
    assert isinstance(aigc("run", "start").exception, ZeroDivisionError)


# --- models, build, run, train -----------------------------------------------------------------------------------


def test_models_json_is_a_list_of_objects_with_name_and_path():
    shown = subprocess.run([AIGC, "models", "--json"], capture_output=True, text=True, check=True)
    entries = json.loads(shown.stdout)
    assert [entry["name"] for entry in entries] == sorted(course.load().models)
    for entry in entries:
        assert set(entry) == {"name", "path", "size", "sha256", "metrics"}
        assert any((Path(entry["path"]) / file).is_file() for file in ("config.json", "model_index.json"))


def test_models_is_a_table():
    assert "lm" in aigc("models").stdout


def test_build_check_lists_the_problems_and_fails(monkeypatch):
    asked = []
    monkeypatch.setattr(
        book_build, "check", lambda slugs: asked.append(slugs) or ["start.md: first", "start.md: second"]
    )
    result = aigc("build", "--check", "start")
    assert (result.exit_code, asked) == (1, [["start"]])
    assert result.stderr == "start.md: first\nstart.md: second\n"
    monkeypatch.setattr(book_build, "check", lambda slugs: [])
    assert aigc("build", "--check").exit_code == 0


def test_build_names_what_changed(monkeypatch):
    asked = []
    path = course.root() / "notebooks" / "zh" / "01_start.ipynb"
    monkeypatch.setattr(book_build, "build", lambda slugs, force: asked.append((slugs, force)) or [path])
    result = aigc("build", "start", "--force")
    assert (result.exit_code, asked) == (0, [(["start"], True)])
    assert "notebooks/zh/01_start.ipynb\n1 files changed" in result.stdout


def test_build_accept(monkeypatch):
    asked = []
    monkeypatch.setattr(book_build, "accept", lambda slugs: asked.append(slugs) or 4)
    assert "4 cells" in aigc("build", "--accept", "start", "--accept", "tokens").stdout
    assert asked == [["start", "tokens"]]


@pytest.mark.parametrize(("error", "code"), [("", 0), ("cell 3 failed", 1)])
def test_run_passes_on_what_happened(monkeypatch, tmp_path, error, code):
    asked = []
    results = [Result("start", "zh", 1.0, error)]
    monkeypatch.setattr(book_run, "run", lambda *words: asked.append(words) or results)
    assert aigc("run", "start", "--lang", "zh", "--out", str(tmp_path)).exit_code == code
    assert asked == [(["start"], ["zh"], "cpu", tmp_path)]
    aigc("run")
    assert asked[-1][0] == [lesson.slug for lesson in course.load().lessons]


def test_train_passes_on_its_options(monkeypatch, tmp_path):
    from aigc_course import train

    asked = []
    monkeypatch.setattr(train, "run", lambda name, **options: asked.append((name, options)))
    assert aigc("train", "lm", "--seed", "3", "--out", str(tmp_path), "--publish").exit_code == 0
    assert asked == [("lm", {"seed": 3, "out": tmp_path, "publish": True})]


# --- doctor ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "word"), [("zh", "一切就绪"), ("en", "Everything is ready")])
def test_doctor_is_green_here(lang, word):
    shown = subprocess.run([AIGC, "doctor"], env=os.environ | {"AIGC_LANG": lang}, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout
    assert word in shown.stdout
    for name in ("Python", "jupyterlab", "GPU", "lm"):
        assert name in shown.stdout


def test_doctor_says_what_to_do_and_fails(monkeypatch):
    broken = doctor.Finding("Chinese font", False, "figures cannot draw Chinese", "get the font back")
    monkeypatch.setattr(doctor, "font", lambda: broken)
    result = aigc("doctor")
    assert result.exit_code == 1
    assert "✗" in result.stdout
    assert "get the font back" in result.stdout
    assert "1 to mend" in result.stdout


def test_a_package_of_the_wrong_version_is_named_with_what_to_type():
    row = doctor.package(doctor.Requirement("click>=99"))
    assert row.ok is False
    assert row.fix == 'pip install "click>=99"'
    assert doctor.package(doctor.Requirement("no-such-package>=1")).detail == "not installed"
    assert doctor.package(doctor.Requirement("click>=8")).ok


def test_doctor_names_keys_and_never_shows_them(monkeypatch):
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-f4k3SECRET")
    assert "DEEPSEEK_API_KEY" in doctor.keys().detail
    assert "SECRET" not in str(doctor.keys())
    monkeypatch.delenv("DEEPSEEK_API_KEY")
    assert doctor.keys() == doctor.Finding("API keys", None, "none; none is needed")


# --- the course home ---------------------------------------------------------------------------------------------


def test_the_home_lists_the_lessons_in_order_with_links_that_exist():
    for lang in i18n.LANGS:
        i18n.set_lang(lang)
        page = home.page()
        titles = [page.index(lesson.title) for lesson in course.load().lessons]
        assert titles == sorted(titles)
        switch, *links = re.findall(r'href="([^"]+)"', page)
        assert switch == f"home_{'en' if lang == 'zh' else 'zh'}.ipynb"
        for link in links:
            assert f"/{lang}/" in link
            assert (course.root() / link).is_file(), link


def test_the_home_shows_what_was_done(tmp_path, monkeypatch):
    source = 'predict("tokens.p1", …)\npredict(\n    "tokens.p2", …)\n'
    monkeypatch.setattr(
        home, "_text", lambda path: source if path.parent.parent.name == "notebooks" else LAB.get(path.suffix, "")
    )
    lesson = course.lesson("tokens")
    assert home.done(lesson, progress.load()) == home.Done((0, 2), (0, 1), (0, 2))
    progress.save_prediction("tokens.p2", 4)
    progress.save_prediction("gone.p9", 4)
    progress.save_check("tokens.q1", True)
    progress.save_check("tokens.q2", False)
    assert home.done(lesson, progress.load()) == home.Done((1, 2), (0, 1), (1, 2))
    assert "Predictions 1/2" in home.page()
    progress.save_prediction("tokens.p1", 4)
    for check in ("tokens.q2", "tokens.s1"):
        progress.save_check(check, True)
    assert home.done(lesson, progress.load()).finished


LAB = {".md": ":check: tokens.q1\n:check: tokens.q2\n", ".toml": "[[question]]\nanswer = 1\n"}


def test_the_home_uses_nothing_that_jupyterlabs_sanitizer_removes():
    page = home.page()
    assert not re.search(r"<(script|style|link|svg|button|img)\b|class=|onclick|https?:", page)


def test_write_makes_a_trusted_notebook_with_its_output(tmp_path, monkeypatch):
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(course, "root", lambda: tmp_path)
    monkeypatch.setattr(home, "_link", lambda *words, **more: "")
    path = home.write("zh")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.name == "home_zh.ipynb"
    assert "五分钟" in notebook.cells[0].outputs[0].data["text/html"]
    assert notebook.cells[0].source == 'from aigc_course.home import show; show("zh")'
    notary = NotebookNotary()
    assert notary.check_signature(notebook)
    notary.store.close()


def test_show_displays_the_home_in_the_language_asked_for(capsys):
    home.show("zh")
    assert i18n.get_lang() == "zh"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(address: str) -> str:
    """What is there, after waiting for a server that says its address before it listens."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.2)
    raise TimeoutError(address)


def test_start_serves_the_home_and_leaves_nothing_running(tmp_path):
    port = free_port()
    environment = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    command = [AIGC, "start", "--lang", "zh", "--no-browser", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as started:
        try:
            address = next(found.group() for line in started.stderr if (found := re.search(r"http://\S+", line)))
            assert f":{port}/lab/tree/home_zh.ipynb?token=" in address
            drain = threading.Thread(target=started.stderr.read)
            drain.start()
            contents = address.replace("/lab/tree/", "/api/contents/")
            notebook = json.loads(fetch(contents))
            assert "五分钟" in notebook["content"]["cells"][0]["outputs"][0]["data"]["text/html"]
            page = fetch(address)
            assert "apputils-extension:announcements" in page, "JupyterLab's question about news is off"
        finally:
            started.terminate()
        assert started.wait(30) == 0
        drain.join()
    home._refuse_taken(port)  # raises if the server is still there
