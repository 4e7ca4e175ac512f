"""Looks at this machine: is everything here that the course needs? Works offline."""

import importlib.metadata
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.requirements import Requirement

from aigc_course import course, endpoints, hub, progress
from aigc_course.errors import CourseError
from aigc_course.i18n import t

DISK_NEEDED = 0.5  # GB: executed copies, a model trained anew
PYTHONS = ((3, 11), (3, 14))  # the first that works, the first that does not


@dataclass(frozen=True)
class Finding:
    """One row. ok: True, False (something needed is broken) or None (good to know). fix: what to do where not ok."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


def findings() -> Iterator[Finding]:
    """Every check in turn, so that a reader can watch while the slow ones run."""
    yield python()
    yield from packages()
    yield disk()
    yield home()
    for look in (font, gpu, keys, *(partial(model, name) for name in course.load().models)):
        try:
            yield look()
        except ImportError as error:  # a package that `packages` named, or one that is there and broken
            broken = t("装不进来，后面的检查要用它", "cannot be imported; a check needs it")
            yield Finding(str(error.name), False, broken, 'pip install -e ".[lab]"')


def report() -> int:
    """Print the findings as a table, with a closing sentence; returns how many are to mend."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(t("项目", "what"), "", t("情况", "state"), t("怎么办", "what to do"))
    marks = {True: "[green]✓", False: "[red]✗", None: "·"}
    with console.status(t("正在检查……", "Checking …")):
        rows = list(findings())
    for row in rows:
        table.add_row(row.name, marks[row.ok], escape(row.detail), escape(row.fix))
    console.print(table)
    broken = sum(row.ok is False for row in rows)
    if broken:
        console.print(t(f"[red]有 {broken} 项要修。", f"[red]{broken} to mend."))
    else:
        console.print(t("[green]一切就绪。", "[green]Everything is ready."))
    return broken


def python() -> Finding:
    low, high = PYTHONS
    ok = low <= sys.version_info[:2] < high
    wanted = f"{low[0]}.{low[1]}–{high[0]}.{high[1] - 1}"
    fix = t(f"安装 Python {wanted}，再运行 make lab", f"install Python {wanted}, then run make lab")
    return Finding("Python", ok, sys.version.split()[0], "" if ok else fix)


def packages() -> list[Finding]:
    """A row for each needed package that is missing or of the wrong version, for JupyterLab, and one for the rest."""
    try:
        texts = importlib.metadata.requires("aigc-course")
    except importlib.metadata.PackageNotFoundError:
        absent = t("课程包没有安装", "the course package is not installed")
        return [Finding("aigc-course", False, absent, 'pip install -e ".[lab]"')]
    wanted = [Requirement(text) for text in texts]
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": "lab"})]
    rows = [package(requirement) for requirement in needed]
    rest = [row for row in rows if row.ok and row.name != "jupyterlab"]
    good = t(f"{len(rest)} 个，版本都合适", f"{len(rest)}, each of a version that fits")
    return [Finding(t("软件包", "Packages"), True, good), *(row for row in rows if row not in rest)]


def package(requirement: Requirement) -> Finding:
    bare = f"{requirement.name}{requirement.specifier}"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, False, t("没有安装", "not installed"), f'pip install "{bare}"')
    if requirement.specifier.contains(version, prereleases=True):
        return Finding(requirement.name, True, version)
    return Finding(
        requirement.name, False, t(f"{version}，需要 {bare}", f"{version}, needs {bare}"), f'pip install "{bare}"'
    )


def disk() -> Finding:
    free = shutil.disk_usage(course.root()).free / 1e9
    ok = free >= DISK_NEEDED
    fix = t(f"至少腾出 {DISK_NEEDED} GB", f"free at least {DISK_NEEDED} GB")
    return Finding(t("磁盘", "Disk"), ok, t(f"剩 {free:.1f} GB", f"{free:.1f} GB free"), "" if ok else fix)


def home() -> Finding:
    folder, name = progress.home(), t("学习进度", "Progress")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding(name, True, str(folder))
    except OSError as error:
        detail = t(f"写不进 {folder}（{error.strerror}）", f"cannot write to {folder} ({error.strerror})")
        fix = t("把环境变量 AIGC_HOME 设成一个可写的文件夹", "set AIGC_HOME to a folder that you can write to")
        return Finding(name, False, detail, fix)


def font() -> Finding:
    """Whether figures show Chinese: draws one character and listens for matplotlib's complaints."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from aigc_course import plot

    name = t("中文字体", "Chinese font")
    with matplotlib.rc_context(), warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        plot.style()
        warnings.simplefilter("always")  # style may have turned the complaint into an error
        figure = Figure()
        figure.text(0.5, 0.5, "中")
        FigureCanvasAgg(figure).draw()
    if not complaints:
        return Finding(name, True, plot.FAMILY)
    folder = Path(plot.FONT).parent
    shown = folder.relative_to(course.root()) if folder.is_relative_to(course.root()) else folder
    fix = t(f"用 git checkout -- {shown} 取回字体", f"get the font back with git checkout -- {shown}")
    return Finding(name, False, t("图里的汉字画不出来", "figures cannot draw Chinese"), fix)


def gpu() -> Finding:
    import torch

    found = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return Finding("GPU", None, found or t("没有；不需要", "none; none is needed"))


def keys() -> Finding:
    """Which keys for paid APIs are in the environment; never what they are."""
    names = [place.key for place in endpoints.endpoints().values() if place.key]
    found = [f"{key} ✓" for key in names if os.environ.get(key, "").strip()]
    return Finding(t("API 密钥", "API keys"), None, ", ".join(found) or t("没有；不需要", "none; none is needed"))


def model(name: str) -> Finding:
    """Whether a bundled model is whole (checksums), loads and computes finite numbers."""
    row = t(f"模型 {name}", f"Model {name}")
    try:
        folder = hub.verify(name)
        computed = _logits(name) if course.model(name).kind == hub.LM else _latents(name)
    except CourseError as error:
        return Finding(row, False, t("不能用", "does not work"), str(error))
    if not computed.isfinite().all():
        fix = f"aigc train {name} --publish"
        return Finding(row, False, t("算出了无穷大或 NaN", "computes infinities or NaN"), fix)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return Finding(row, True, t(f"校验无误，能运行（{size:.1f} MB）", f"checksums right, runs ({size:.1f} MB)"))


def _logits(name: str):
    """What a language model says of a sentence."""
    import torch

    language_model, tokenizer = hub.load_lm(name, tier="cpu")
    with torch.no_grad():
        return language_model(tokenizer("今天天气不错", return_tensors="pt").input_ids).logits


def _latents(name: str):
    """What a painter paints in two steps."""
    from aigc_course import diffusion

    return diffusion.denoise(hub.load_painter(name, tier="cpu"), "", steps=2)[-1].after
