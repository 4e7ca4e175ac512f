"""`aigc build` makes both editions and the student labs; `aigc build --check` finds what is not as the sources say."""

import base64
import os
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from aigc_course import course
from aigc_course.book import editions, lint, numbers, terms
from aigc_course.book.run import execute, read_built
from aigc_course.book.source import Source, display_path, read, structure_problems
from aigc_course.book.source import accept as stamp
from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS, t
from aigc_course.plot import small_png

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def _sources(lesson: course.Lesson) -> list[Source]:
    found = [read(lesson.slug, lesson.source)]
    return found + ([read(lesson.slug, lesson.lab_source)] if "lab" in lesson.parts else [])


def _lessons(slugs: list[str] | None) -> list[course.Lesson]:
    return [course.lesson(slug) for slug in slugs] if slugs else list(course.load().lessons)


def _text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook, version=4) + "\n"


def _replace(path: Path, text: str) -> bool:
    """Write the file where its text differs; True if it did."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
    return True


def same_cells(built: NotebookNode, fresh: NotebookNode) -> bool:
    """Whether two notebooks have the same cells, whatever their outputs."""

    def key(notebook: NotebookNode) -> list:
        return [(c.id, c.cell_type, c.source, c.metadata) for c in notebook.cells] + [notebook.metadata]

    return key(built) == key(fresh)


def is_executed(notebook: NotebookNode) -> bool:
    return all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())


def tidy(executed: NotebookNode, fresh: NotebookNode) -> NotebookNode:
    """The fresh notebook with the executed one's outputs, less all that differs from run to run, its pictures small."""
    for cell, done in zip(fresh.cells, executed.cells, strict=True):
        if cell.cell_type != "code":
            continue
        cell.execution_count = done.execution_count
        for output in done.outputs:
            data = output.get("data", {})
            data.pop(WIDGET_VIEW, None)
            if png := data.get("image/png"):
                data["image/png"] = base64.b64encode(small_png(base64.b64decode(png))).decode()
            last = cell.outputs[-1] if cell.outputs else {}
            if output.output_type == "stream" and last.get("name") == output.name:
                last.text += output.text  # how a stream is cut into messages is a matter of timing
            else:
                cell.outputs.append(output)
    return fresh


def _execute(fresh: NotebookNode, path: Path, label: str) -> NotebookNode:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / path.name
        draft.write_text(_text(fresh), encoding="utf-8")
        return tidy(execute(draft, folder=path.parent, label=label), fresh)


def _offline() -> None:
    """A lesson is built as it must run: without a network, and with every glyph there."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("AIGC_STRICT", "1")


def build(slugs: list[str] | None = None, force: bool = False) -> list[Path]:
    """Build lessons (all without `slugs`) in both languages, and their labs. Returns the files that changed.

    A notebook is executed where its cells changed since it was built, or with `force`. CourseError with all the
    problems of the sources, or with the first cell that fails; then nothing of that notebook is written.
    """
    lessons = _lessons(slugs)
    problems = [p for lesson in lessons for source in _sources(lesson) for p in structure_problems(source)]
    if problems:
        raise CourseError("\n".join(problems), "\n".join(problems))
    _offline()
    changed = []
    with tempfile.TemporaryDirectory() as home:
        kept = os.environ.get("AIGC_HOME")
        os.environ["AIGC_HOME"] = home  # the builder's own predictions must not enter the committed notebooks
        try:
            for lesson in lessons:
                changed += _build_lesson(lesson, force)
        finally:
            os.environ.pop("AIGC_HOME") if kept is None else os.environ.update(AIGC_HOME=kept)
    if not slugs:
        for path in _strays():
            path.unlink()
            changed.append(path)
    return changed


def _build_lesson(lesson: course.Lesson, force: bool) -> list[Path]:
    changed = []
    source, *lab = _sources(lesson)
    for lang in LANGS:
        path, fresh = lesson.notebook(lang), editions.lesson_edition(source, lang)
        built = read_built(path)
        if force or built is None or not (same_cells(built, fresh) and is_executed(built)):
            executed = _execute(fresh, path, f"{lesson.slug} ({lang})")
            if _replace(path, _text(executed)):
                changed.append(path)
        for lab_source in lab:
            if _replace(lesson.lab(lang), _text(editions.lab_edition(lab_source, lang))):
                changed.append(lesson.lab(lang))
    return changed


def _strays() -> list[Path]:
    """Built notebooks that no entry of course.toml makes, as after a lesson was renamed or moved."""
    wanted = {
        path for lesson in course.load().lessons for lang in LANGS for path in (lesson.notebook(lang), lesson.lab(lang))
    }
    folders = [course.root() / kind / lang for kind in ("notebooks", "labs") for lang in LANGS]
    return sorted(path for folder in folders for path in folder.glob("*.ipynb") if path not in wanted)


def accept(slugs: list[str]) -> int:
    """Say of these lessons that both languages have been compared; returns how many cells were stamped anew."""
    return sum(stamp(source) for lesson in _lessons(slugs) for source in _sources(lesson))


def check(slugs: list[str] | None = None) -> list[str]:
    """Everything that is wrong with sources and built files, one sentence each that names file and cell."""
    problems = []
    for lesson in _lessons(slugs):
        problems += lint.sibling_problems(lesson) + lint.quiz_problems(lesson)
        try:
            sources = _sources(lesson)
        except CourseError as error:
            problems.append(str(error))
            continue
        structure = [p for source in sources for p in structure_problems(source)]
        problems += structure + [p for source in sources for p in lint.source_problems(source)]
        problems += terms.unpaired(lesson, sources[0])
        if not structure:  # without it there is nothing to compare the built files with
            problems += [p for lang in LANGS for p in _built_problems(lesson, sources, lang)]
    if not slugs:
        problems += [
            t(
                f"{display_path(p)} 不属于任何一课，请运行 aigc build。",
                f"{display_path(p)} belongs to no lesson: run aigc build.",
            )
            for p in _strays()
        ]
        problems += lint.asset_problems()
    return problems


def _built_problems(lesson: course.Lesson, sources: list[Source], lang: str) -> list[str]:
    problems = []
    targets = [(lesson.notebook(lang), editions.lesson_edition(sources[0], lang), True)]
    targets += [(lesson.lab(lang), editions.lab_edition(source, lang), False) for source in sources[1:]]
    for path, fresh, executed in targets:
        name, built = display_path(path), read_built(path)
        stale = built is None or not same_cells(built, fresh) or (executed and not is_executed(built))
        if stale:
            problems.append(
                t(
                    f"{name} 与源文件不一致，请运行 aigc build {lesson.slug}。",
                    f"{name} is not what its source gives: run aigc build {lesson.slug}.",
                )
            )
        if built is not None:
            problems += lint.notebook_problems(path, built)
        if built is not None and executed:
            problems += numbers.problems(name, built)
    return problems
