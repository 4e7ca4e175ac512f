"""Executing lessons headless, with papermill."""

import os
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aigc_course import course
from aigc_course.errors import CourseError
from aigc_course.i18n import t


class LessonFailed(CourseError):
    """A cell of a notebook raised an error."""


@dataclass(frozen=True)
class Result:
    """One executed lesson. error: "" where it ran to its end."""

    slug: str
    lang: str
    seconds: float
    error: str


def read_built(path: Path) -> NotebookNode | None:
    """A built notebook, or None where there is none that is whole."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, AttributeError, TypeError, LookupError, nbformat.ValidationError):
        return None  # nbformat looks into the text before it asks whether it is a notebook
    return notebook


def execute(
    notebook: Path, parameters: dict | None = None, folder: Path | None = None, label: str = ""
) -> NotebookNode:
    """Run a notebook in a fresh kernel and return it with its outputs; the file itself is left as it is.

    parameters: values for the `parameters` cell. folder: where the kernel works, by default the notebook's own.
    label: what the progress bar says; no bar without it. LessonFailed names the cell and its error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill's optional parts warn on import
        import papermill
        from nbclient.exceptions import DeadKernelError

    # nobody watches, so live trainings are cut short, and say so; kernels are forked from a warm one where that works
    unwatched = {"AIGC_BRIEF": "1", "JUPYTER_DEFAULT_PROVISIONER_NAME": "aigc-warm"}
    with tempfile.TemporaryDirectory() as scratch, patch.dict(os.environ, unwatched):
        out = Path(scratch) / notebook.name
        try:
            papermill.execute_notebook(
                str(notebook),
                str(out),
                parameters=parameters or {},
                cwd=str(folder or notebook.parent),
                progress_bar={"desc": label, "leave": False} if label else False,
                # the kernel's remarks on its transport and its end are not for the reader of a progress bar
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            )
        except papermill.PapermillExecutionError as error:
            what = error.evalue if error.ename in ("CourseError", "LessonFailed") else f"{error.ename}: {error.evalue}"
            raise LessonFailed(
                f"{notebook.name} 的第 {error.cell_index + 1} 格出错：{what}",
                f"{notebook.name}, cell {error.cell_index + 1} failed: {what}",
            ) from error
        except DeadKernelError as error:
            raise LessonFailed(
                f"{notebook.name} 运行到一半内核没了，多半是内存不够：请关掉别的程序再试。",
                f"The kernel of {notebook.name} died, most likely for want of memory: close other programs, try again.",
            ) from error
        return nbformat.read(out, as_version=4)


def run(slugs: list[str], langs: list[str], tier: str = "cpu", out: Path | None = None) -> list[Result]:
    """Execute the built notebooks of `slugs` in `langs`, with a progress bar and a closing table.

    The executed copies go to `out` where it is given. CourseError for an unknown slug or a lesson that is not built.
    """
    jobs = [(slug, lang, course.lesson(slug).notebook(lang)) for slug in slugs for lang in langs]
    for slug, _, path in jobs:
        if read_built(path) is None:
            raise CourseError(
                f"课文 {slug} 还没有构建，或者 {path.name} 损坏了：请运行 aigc build {slug}。",
                f"Lesson {slug} is not built or {path.name} is damaged: run aigc build {slug}.",
            )
    if out:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CourseError(
                f"建不了文件夹 {out}（{error.strerror}）：请用 --out 换一个。",
                f"Cannot make the folder {out} ({error.strerror}): choose another with --out.",
            ) from error
    results = []
    for slug, lang, path in jobs:
        start, error = time.monotonic(), ""
        try:
            notebook = execute(path, {"lang": lang, "tier": tier}, label=f"{slug} ({lang})")
            if out:
                nbformat.write(notebook, out / f"{path.stem}_{lang}.ipynb")
        except LessonFailed as failure:
            error = str(failure)
        results.append(Result(slug, lang, time.monotonic() - start, error))
    table = Table(t("课", "lesson"), t("语言", "language"), t("秒", "seconds"), t("结果", "result"))
    for result in results:
        verdict = f"[red]{escape(result.error)}" if result.error else "[green]" + t("通过", "ran to its end")
        table.add_row(result.slug, result.lang, f"{result.seconds:.1f}", verdict)
    Console().print(table)
    return results
