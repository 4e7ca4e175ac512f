"""What a reader can get wrong, or a machine can lack: one clear sentence each, exit code 2, no traceback."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import need

from aigc_course import cli, course, doctor, files, hub, plot, progress

ROOT = Path(__file__).parents[1]
LANGS = ("zh", "en")


def aigc(*words: str, lang: str = "en", **environment: str) -> str:
    """Run the command; it must refuse with exactly one sentence on stderr, which is returned."""
    command = CliRunner().invoke(cli.main, words, env={"AIGC_LANG": lang} | environment)
    assert command.exit_code == 2, command
    assert command.stdout == ""
    return one_sentence(command.stderr)


def one_sentence(text: str) -> str:
    assert "Traceback" not in text
    assert text.count("\n") == 1, text
    assert text.strip().endswith((".", "。")), text
    return text.strip()


# --- the machine -------------------------------------------------------------------------------------------------


def run_make(folder: Path, path: str, *words: str) -> subprocess.CompletedProcess:
    if not (make := shutil.which("make")):
        need("make is not installed")
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("pyproject.toml", "constraints.txt"):
        (folder / name).touch()
    return subprocess.run([make, "lab", *words], cwd=folder, env={"PATH": path}, capture_output=True, text=True)


@pytest.mark.parametrize("words", [[], ["PYTHON=python3"]])
def test_no_python_3_11(tmp_path, words):
    """Only a Python that is too old: it fails the question that the Makefile asks."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("python3", "python3.12"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    result = run_make(tmp_path, str(tools), *words)
    assert result.returncode == 2
    assert "没有找到 Python 3.11–3.13" in result.stderr
    assert "Found no Python 3.11 to 3.13: install one" in result.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_no_disk_while_training(lang, tmp_path):
    code = """
import errno, sys
from aigc_course import cli, train
def full(*words, **options):
    raise OSError(errno.ENOSPC, "No space left on device")
train.run = full
cli.main(["train", "lm"])
"""
    child = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"AIGC_LANG": lang}, capture_output=True, text=True
    )
    assert child.returncode == 2
    assert one_sentence(child.stderr).startswith({"zh": "磁盘满了", "en": "The disk is full"}[lang])


def test_no_disk_for_a_hub_model(monkeypatch):
    import huggingface_hub

    class Info:
        siblings = ()

    def full(*words, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *words, **options: Info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", full)
    with pytest.raises(hub.CourseError, match="No space left on device") as caught:
        hub._from_hugging_face("Org/Name", offline=False)
    one_sentence(f"{caught.value}\n")


def test_no_disk_for_progress(monkeypatch, capsys):
    def full(*words, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(progress, "write_whole", full)
    progress.save_check("tokens.q1", True)
    assert "No space left on device" in one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize("call", ["copytree", "second rename"])
def test_no_disk_for_a_folder_leaves_the_old_one(call, tmp_path, monkeypatch):
    made, folder, fail = tmp_path / "made", tmp_path / "site", [call == "copytree"]
    for where, text in ((made, "new"), (folder, "old")):
        where.mkdir()
        (where / "index.html").write_text(text)
    real = {"copytree": shutil.copytree, "replace": os.replace}

    def copytree(source, to):
        real["copytree"](source, to)
        if fail[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def replace(source, to):
        if call != "copytree" and Path(source).name.endswith(".part") and not fail[0]:
            fail[0] = True
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        real["replace"](source, to)

    monkeypatch.setattr(shutil, "copytree", copytree)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError):
        files.replace_folder(made, folder)
    assert (folder / "index.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "site"]
    monkeypatch.undo()
    files.replace_folder(made, folder)
    files.replace_folder(made, tmp_path / "deep" / "site")
    assert (folder / "index.html").read_text() == (tmp_path / "deep/site/index.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "made", "site"]


def test_doctor_on_a_full_disk(monkeypatch):
    usage = shutil.disk_usage(ROOT)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage._replace(free=1e8))
    row = doctor.disk()
    assert (row.ok, row.detail, row.fix) == (False, "0.1 GB free", "free at least 0.5 GB")


def test_no_font(tmp_path, monkeypatch):
    """A damaged font file: figures go on, doctor says how to get it back."""
    from matplotlib import font_manager

    monkeypatch.setattr(plot, "FONT", tmp_path / "fonts" / plot.FONT.name)
    others = [entry for entry in font_manager.fontManager.ttflist if entry.name != plot.FAMILY]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", others)
    row = doctor.font()
    assert (row.ok, row.detail) == (False, "figures cannot draw Chinese")
    assert "git checkout -- " in row.fix


@pytest.mark.parametrize("lang", LANGS)
def test_an_unwritable_home(tmp_path, lang, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file" / "home"))
    code = "from aigc_course import progress\nfor i in range(3): progress.save_check(f'tokens.q{i}', True)"
    child = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"AIGC_LANG": lang}, capture_output=True, text=True
    )
    assert child.returncode == 0
    assert "AIGC_HOME" in one_sentence(child.stderr)
    row = doctor.home()
    assert not row.ok
    assert "AIGC_HOME" in row.fix


@pytest.mark.parametrize("lang", LANGS)
def test_a_busy_port(lang):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = aigc("start", "--no-browser", "--port", port, lang=lang)
    assert port in sentence
    assert "--port" in sentence


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_does_not_exist(port, lang):
    assert port in aigc("start", "--no-browser", "--port", port, lang=lang)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("variable", ["JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"])
def test_jupyterlab_cannot_keep_its_files(tmp_path, variable, lang):
    (tmp_path / "file").touch()
    folders = {"JUPYTER_DATA_DIR": str(tmp_path), variable: str(tmp_path / "file" / "jupyter")}
    assert variable in aigc("start", "--no-browser", lang=lang, **folders)


@pytest.mark.parametrize("lang", LANGS)
def test_nowhere_to_put_executed_lessons(tmp_path, lang):
    (tmp_path / "file").touch()
    assert "--out" in aigc("run", "start", "--out", str(tmp_path / "file" / "out"), lang=lang)


def python(code: str, *words: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    """Run code with the package that lies in `folder`, which Python looks through first."""
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


@pytest.mark.parametrize("lang", LANGS)
def test_no_permission_to_write(lang):
    code = """
from aigc_course import cli
from aigc_course.book import build
def refused(*words, **options):
    raise PermissionError(13, "Permission denied", "notebooks/zh/01_start.ipynb")
build.build = refused
cli.main(["build", "start"])
"""
    child = python(code, AIGC_LANG=lang)
    assert child.returncode == 2
    assert "notebooks/zh/01_start.ipynb" in one_sentence(child.stderr)


WITHOUT = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
from aigc_course.cli import main
main()
"""


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("package", "words"), [("jupytext", ["build"]), ("papermill", ["run", "start"])])
def test_an_extra_that_is_not_installed(package, words, lang):
    """As after `make lab`, which installs what a learner needs and no more."""
    child = python(WITHOUT.replace("MISSING", repr(package)), *words, AIGC_LANG=lang)
    assert child.returncode == 2
    sentence = one_sentence(child.stderr)
    assert package in sentence and "pip install" in sentence


def test_doctor_goes_on_without_a_package():
    child = python(WITHOUT.replace("MISSING", "'torch'"), "doctor", COLUMNS="200")
    assert child.returncode == 1
    assert child.stderr == ""
    assert "torch " in child.stdout and "to mend" in child.stdout


# --- files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied_course(tmp_path):
    """The package and the sources in another folder: here files may be damaged."""
    for name in ("aigc_course", "notebooks/src", "labs/src", "datasets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "course.toml", tmp_path)
    return tmp_path


def aigc_in(folder: Path, *words: str, code: int = 2) -> str:
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}"}
    start = "from aigc_course.cli import main; main()"
    child = subprocess.run(
        [sys.executable, "-c", start, *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert child.returncode == code, child
    return child.stderr


@pytest.mark.parametrize("harm", ["cut", "alter", "remove"])
def test_a_damaged_weight_file(copied_course, harm):
    weights = copied_course / "aigc_course" / "zoo" / "lm" / "model.safetensors"
    content = weights.read_bytes()
    if harm == "remove":
        weights.unlink()
    else:
        weights.write_bytes(content[:-100] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    sentence = one_sentence(aigc_in(copied_course, "models", "--json"))
    assert "aigc_course/zoo/lm/model.safetensors" in sentence
    assert "git checkout" in sentence


def test_a_damaged_notebook_source(copied_course):
    source = course.lesson("start").source.relative_to(ROOT)
    text = (copied_course / source).read_text(encoding="utf-8")
    (copied_course / source).write_bytes(text.encode("utf-8")[:400] + b"\xff\xfe```{code-cell")
    said = aigc_in(copied_course, "build", "start")
    assert "Traceback" not in said
    assert "start.md" in said


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"cells": 3, "metadata": {}, "nbformat": 4}'])
def test_a_damaged_notebook(copied_course, content):
    notebook = copied_course / "notebooks" / "zh" / "01_start.ipynb"
    notebook.parent.mkdir()
    notebook.write_bytes(content)
    assert "01_start.ipynb" in one_sentence(aigc_in(copied_course, "run", "start", "--lang", "zh"))


@pytest.mark.parametrize("harm", [b"\xff", b'[[question]]\nanswer = "', b""])
def test_a_damaged_source_or_quiz_does_not_keep_the_course_shut(copied_course, harm):
    for path in ("notebooks/src/tokens.md", "labs/src/tokens.md", "aigc_course/quiz/tokens.toml"):
        (copied_course / path).write_bytes(harm)
    child = python("from aigc_course import home; print(home.page())", folder=copied_course)
    assert child.returncode == 0, child.stderr
    assert "02_tokens.ipynb" in child.stdout


@pytest.mark.parametrize("harm", ["remove", "bytes", "cut"])
@pytest.mark.parametrize("name", ["claims", "glossary"])
def test_a_damaged_table(copied_course, name, harm):
    table = copied_course / "datasets" / f"{name}.csv"
    content = table.read_bytes()
    table.write_bytes(b"\xff" if harm == "bytes" else content[:200])
    if harm == "remove":
        table.unlink()
    code = f"""
from aigc_course import {name}
try:
    {name}.load()
except ValueError as error:
    raise SystemExit(str(error))
"""
    assert f"{name}.csv" in one_sentence(python(code, folder=copied_course).stderr)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("command", ["start", "run", "build"])
def test_the_package_without_the_lessons(tmp_path, command, lang):
    """As pip installs it: course.toml lies in the package, and there are no notebooks."""
    package = tmp_path / "aigc_course"
    shutil.copytree(ROOT / "aigc_course", package, ignore=shutil.ignore_patterns("__pycache__", "zoo", "fonts"))
    shutil.copy(ROOT / "course.toml", package)
    code = "from aigc_course.cli import main; main()"
    child = python(code, command, folder=tmp_path, AIGC_LANG=lang)
    assert child.returncode == 2
    assert "make lab" in one_sentence(child.stderr)


def test_a_damaged_quiz_fails_the_build_check(copied_course):
    (copied_course / "aigc_course" / "quiz" / "tokens.toml").write_text('[[question]]\nanswer = "')
    assert "tokens.toml" in aigc_in(copied_course, "build", "--check", "tokens", code=1)


def test_a_damaged_course_map(copied_course):
    (copied_course / "course.toml").write_text("[[lesson]\n")
    assert "course.toml" in one_sentence(aigc_in(copied_course, "run"))


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "tokns"], "tokens"),
        (["build", "tokns"], "tokens"),
        (["train", "lmm"], "lm"),
        (["run", "start", "--lang", "fr"], "zh"),
        (["start", "--lang", "fr"], "zh"),
        (["run", "start", "--tier", "tpu"], "gpu"),
    ],
)
def test_an_unknown_slug_language_model_or_tier(words, hint, lang):
    sentence = aigc(*words, lang=lang)
    assert hint in sentence
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence) == (lang == "zh")


@pytest.mark.parametrize(("lang", "word"), [("zh", "CUDA 显卡"), ("en", "CUDA GPU")])
def test_the_gpu_tier_without_a_gpu(lang, word):
    assert word in aigc("run", "start", "--tier", "gpu", lang=lang, CUDA_VISIBLE_DEVICES="")


@pytest.mark.parametrize(("offline", "word"), [("1", "HF_HUB_OFFLINE"), ("0", "check the network")])
def test_the_gpu_tier_without_network(tmp_path, offline, word):
    """With a GPU (here only claimed) and no model on the machine."""
    code = "import torch; torch.cuda.is_available = lambda: True\nfrom aigc_course.cli import main; main()"
    environment = os.environ | {"HF_HUB_OFFLINE": offline, "HF_HOME": str(tmp_path)}
    child = subprocess.run(
        [sys.executable, "-c", code, "run", "start", "--tier", "gpu"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 2
    assert word in one_sentence(child.stderr)
