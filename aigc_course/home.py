"""The course home: a notebook with the lessons in order and what the learner has done."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from aigc_course import course, progress
from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS, get_lang, set_lang, t

INK, GREY, BLUE, GREEN, PALE, LINE = "#1f2933", "#52606d", "#0072B2", "#00785a", "#f5f7fa", "#d9e2ec"
QUIZ = Path(__file__).resolve().parent / "quiz"
# what a lesson's source asks of the learner: the ids under which progress is kept
_PREDICTION = re.compile(r"""\bpredict\(\s*["']([\w.-]+)["']""")
_CHECK = re.compile(r"^:check:\s*([\w.-]+)", re.M)
_QUESTION = re.compile(r"^\[\[question\]\]", re.M)


@dataclass(frozen=True)
class Done:
    """How far the learner is in one lesson; each pair is (done, asked for)."""

    predictions: tuple[int, int]
    selfcheck: tuple[int, int]
    checks: tuple[int, int]

    @property
    def finished(self) -> bool:
        pairs = (self.predictions, self.selfcheck, self.checks)
        return any(asked for _, asked in pairs) and all(count == asked for count, asked in pairs)


def done(lesson: course.Lesson, state: dict) -> Done:
    """Compare what the sources of `lesson` ask for with `state` (see progress.load)."""
    text, lab = _text(lesson.source), _text(lesson.lab_source)
    predictions = set(_PREDICTION.findall(text + lab))
    questions = len(_QUESTION.findall(_text(QUIZ / f"{lesson.slug}.toml")))
    quiz = {f"{lesson.slug}.s{number}" for number in range(1, questions + 1)}
    passed = {id for id, good in state["checks"].items() if good is True}
    return Done(_pair(predictions, state["predictions"]), _pair(quiz, passed), _pair(set(_CHECK.findall(lab)), passed))


def _pair(asked: set[str], had: Iterable[str]) -> tuple[int, int]:
    return len(asked.intersection(had)), len(asked)


def _text(path: Path) -> str:
    """What stands in a file, as far as it can be read: one damaged source must not keep the course shut."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def show(lang: str | None = None) -> None:
    """Display the course home in `lang` ("zh" or "en"; the current one without it)."""
    from IPython.display import HTML, display

    if lang:
        set_lang(lang)
    display(HTML(page()))


def page() -> str:
    """The course home in the current language, as HTML that survives JupyterLab's sanitizer: inline styles only."""
    state, lessons = progress.load(), course.load().lessons
    how_far = [done(lesson, state) for lesson in lessons]
    title = course.load().title_zh if get_lang() == "zh" else course.load().title_en
    other = next(lang for lang in LANGS if lang != get_lang())
    finished = sum(one.finished for one in how_far)
    minutes = sum(lesson.minutes for lesson in lessons)
    lead = t(
        "亲手摆弄真正的小模型，看清生成式 AI 怎么工作。",
        "See how generative AI works, on small real models of your own.",
    )
    summary = t(
        f"{len(lessons)} 课，共约 {minutes} 分钟 · 已完成 {finished} 课",
        f"{len(lessons)} lessons, about {minutes} minutes · {finished} finished",
    )
    cards = "".join(_card(lesson, one) for lesson, one in zip(lessons, how_far, strict=True))
    tip = t(
        "点开一课，按 Shift+Enter 逐格运行。回到这里再运行一次上面的格子，进度就更新了。",
        "Open a lesson and press Shift+Enter to run it cell by cell. Run the cell above again to see your progress.",
    )
    return (
        f'<div lang="{get_lang()}" style="max-width: 760px; padding: 20px; border-radius: 12px; color: {INK}; '
        f'background-color: {PALE}; font-family: system-ui, sans-serif; line-height: 1.5">'
        f'<div style="float: right">{_link(path(other), t("English", "中文"), filled=False)}</div>'
        f'<div style="font-size: 28px; font-weight: 700">{escape(title)}</div>'
        f'<div style="font-size: 16px; color: {GREY}">{escape(lead)}</div>'
        f'<div style="font-size: 14px; color: {GREY}; margin: 10px 0 16px 0">{escape(summary)}</div>'
        f"{cards}"
        f'<div style="font-size: 14px; color: {GREY}; margin-top: 14px">{escape(tip)}</div></div>'
    )


def _card(lesson: course.Lesson, one: Done) -> str:
    mark = "✓" if one.finished else str(lesson.number)
    links = _link(lesson.notebook(get_lang()), t("打开课文", "Open the lesson"), filled=True)
    if "lab" in lesson.parts:
        links += _link(lesson.lab(get_lang()), t("做练习", "Do the lab"), filled=False)
    bars = _bar(t("预测", "Predictions"), *one.predictions)
    bars += _bar(t("自测", "Self-check"), *one.selfcheck)
    bars += _bar(t("练习", "Lab"), *one.checks)
    minutes = t(f"约 {lesson.minutes} 分钟", f"about {lesson.minutes} minutes")
    return (
        f'<div style="display: flex; gap: 16px; align-items: flex-start; background-color: #ffffff; '
        f'margin-bottom: 10px; border: 1px solid {LINE}; border-radius: 10px; padding: 14px 16px">'
        f'<div style="width: 34px; height: 34px; flex: 0 0 34px; border-radius: 17px; text-align: center; '
        f"line-height: 34px; font-size: 16px; font-weight: 700; color: #ffffff; "
        f'background-color: {GREEN if one.finished else BLUE}">{mark}</div>'
        f'<div style="flex: 1 1 auto"><div style="font-size: 18px; font-weight: 600; color: {INK}">'
        f"{escape(lesson.title)}</div>"
        f'<div style="font-size: 14px; color: {GREY}">{escape(minutes)}</div>'
        f'<div style="margin-top: 8px">{links}</div></div>'
        f'<div style="flex: 0 0 170px">{bars}</div></div>'
    )


def _link(notebook: Path, label: str, filled: bool) -> str:
    colours = f"color: #ffffff; background-color: {BLUE}" if filled else f"color: {BLUE}; background-color: #ffffff"
    return (
        f'<a href="{notebook.relative_to(course.root()).as_posix()}" style="display: inline-block; padding: 5px 14px; '
        f"margin-right: 8px; border: 1px solid {BLUE}; border-radius: 6px; font-size: 14px; text-decoration: none; "
        f'{colours}">{escape(label)}</a>'
    )


def _bar(label: str, count: int, total: int) -> str:
    """A bar of progress, with its numbers beside it; nothing where the lesson asks for nothing."""
    if not total:
        return ""
    percent = round(100 * count / total)
    return (
        f'<div style="font-size: 13px; color: {GREY}; margin-top: 2px">{escape(label)} {count}/{total}</div>'
        f'<div style="height: 8px; border-radius: 4px; background-color: {LINE}; overflow: hidden">'
        f'<div style="height: 8px; width: {percent}%; background-color: {GREEN}"></div></div>'
    )


def path(lang: str) -> Path:
    """Where the course home in `lang` stands: beside course.toml."""
    return course.root() / f"home_{lang}.ipynb"


def write(lang: str) -> Path:
    """Write the course home in `lang` with its output filled in, and mark it as trusted."""
    import nbformat
    from nbformat.sign import NotebookNotary

    set_lang(lang)
    source = f'from aigc_course.home import show; show("{lang}")'
    output = nbformat.v4.new_output(
        "display_data", {"text/html": page(), "text/plain": "<IPython.core.display.HTML object>"}
    )
    cell = nbformat.v4.new_code_cell(source, outputs=[output], id="home")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    home = path(lang)
    try:
        write_whole(home, nbformat.writes(notebook) + "\n")
    except OSError as error:
        raise CourseError(
            f"写不了课程首页 {home}（{error.strerror}）：请检查磁盘空间和文件夹权限。",
            f"Cannot write the course home {home} ({error.strerror}): check the disk and the folder's permissions.",
        ) from error
    notary = NotebookNotary()
    try:
        notary.sign(notebook)
    finally:
        notary.store.close()
    return home


def serve(lang: str, browser: bool = True, port: int | None = None) -> int:
    """Open JupyterLab on the course home and wait for its end; gives its exit code.

    CourseError where JupyterLab is not installed, cannot keep its files or `port` is taken. Without `port`: a free one.
    """
    if find_spec("jupyterlab") is None:
        raise CourseError(
            '没有安装 JupyterLab，请运行 pip install -e ".[lab]"。',
            'JupyterLab is not installed: run pip install -e ".[lab]".',
        )
    if port is not None:
        _refuse_taken(port)
    _refuse_unwritable()
    for one in sorted(
        LANGS, key=lambda one: one == lang
    ):  # the reader's last, so that its language stays the current one
        write(one)
    options = [
        f"--ServerApp.root_dir={course.root()}",
        f"--LabApp.default_url=/lab/tree/{path(lang).name}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--log-level=ERROR",
        *([] if browser else ["--no-browser"]),
        *([] if port is None else [f"--port={port}", "--ServerApp.port_retries=0"]),
        # who runs the course as root, as in a container, has decided that already
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    with tempfile.TemporaryDirectory() as config:
        _write_lab_config(Path(config), lang)
        paths = os.pathsep.join(filter(None, [config, os.environ.get("JUPYTER_CONFIG_PATH")]))
        environment = os.environ | {"AIGC_LANG": lang, "JUPYTER_CONFIG_PATH": paths}
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment)
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # no server stays behind
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:  # Ctrl-C reached the server too, which asks whether it should end
                continue


def _refuse_unwritable() -> None:
    """JupyterLab itself would end in a page of Python where it cannot keep its keys and the list of its servers."""
    from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

    for variable, find in (("JUPYTER_DATA_DIR", jupyter_data_dir), ("JUPYTER_RUNTIME_DIR", jupyter_runtime_dir)):
        folder = Path(find())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise CourseError(
                f"JupyterLab 写不进 {folder}（{error.strerror}）：请把环境变量 {variable} 设成一个可写的文件夹。",
                f"JupyterLab cannot write to {folder} ({error.strerror}): "
                f"set {variable} to a folder that you can write to.",
            ) from error


def _refuse_taken(port: int) -> None:
    if not 0 < port < 2**16:
        raise CourseError(
            f"没有 {port} 这个端口：请用 1 到 65535 之间的数。", f"There is no port {port}: choose one from 1 to 65535."
        )
    with socket.socket() as probe:
        # as the server does: a port just given up is free; elsewhere this flag means another thing
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(
                f"用不了端口 {port}（{error.strerror}）：请换一个，或不写 --port，让 JupyterLab 自己找。",
                f"Port {port} cannot be used ({error.strerror}): "
                f"choose another, or leave out --port and JupyterLab finds one.",
            ) from error


def _write_lab_config(folder: Path, lang: str) -> None:
    """JupyterLab's settings for this one run: no question about news, menus in Chinese where that pack is installed."""
    (folder / "labconfig").mkdir()
    settings = {"page_config": {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}}
    if lang == "zh" and find_spec("jupyterlab_language_pack_zh_CN"):
        settings["default_setting_overrides"] = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}
    for name, content in settings.items():
        (folder / "labconfig" / f"{name}.json").write_text(json.dumps(content))
