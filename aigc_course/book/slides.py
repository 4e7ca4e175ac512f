"""`aigc slides`: the lecture's decks, each from one source, as a page that runs offline and as a notebook that is live.

A source is slides/src/NN_slug.md, NN being the lecture's part, written as a lesson is: prose in both languages, code
once. Prose that begins with a heading begins a slide (`#`: a title slide); what code cells show stands under it, or
`beside` it with that tag; `show` shows the code too; what is tagged `fragment` comes at the next key, so that the
class can guess before it; prose tagged `notes` is what the speaker says.

The notebook is for jupyterlab-slideshow. jupyterlab-rise 0.43.1 reads the same slide types, but tried on 2026-11-26
with JupyterLab 4.6.6 and ipywidgets 8 it ran no widget and asked Google for fonts.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nbformat
from nbformat import NotebookNode

from aigc_course import course, i18n
from aigc_course.book import build, editions, lint, numbers, slide_page, source
from aigc_course.book.run import execute
from aigc_course.errors import CourseError
from aigc_course.files import try_folder, write_whole, writing
from aigc_course.i18n import LANGS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# larger letters in JupyterLab's deck mode, by the extension jupyterlab-fonts that comes with it
LIVE_STYLE = {":root": {"--jp-content-font-size1": "24px", "--jp-code-font-size": "16px"}}


def _said(halves: int, lang: str) -> str:
    """How the notes say a time: 半分钟, 1 分钟, 1 分半; half a minute, 1 minute, 1½ minutes."""
    whole, half = divmod(halves, 2)
    if lang == "zh":
        return f"{whole} 分半" if whole and half else "半分钟" if half else f"{whole} 分钟"
    return f"{whole}{'½' * half} minute{'s' * (halves > 2)}" if whole else "half a minute"


# what a slide's notes begin with, in bold, and how many minutes that is
TIMES = {lang: {f"**{_said(halves, lang)}**": halves / 2 for halves in range(1, 13)} for lang in LANGS}


@dataclass(frozen=True)
class Deck:
    """One deck. number: the lecture's part; slug: its name on the command line."""

    number: int
    slug: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem


def decks() -> list[Deck]:
    """The decks whose sources are there, by number; CourseError for a source with another kind of name."""
    found = []
    for path in sorted((course.root() / "slides" / "src").glob("*.md")):
        match = re.fullmatch(r"(\d\d)_([a-z_]+)", path.stem)
        if match is None:
            raise CourseError(
                f"课件源文件 {path.name} 的名字要像 03_inside.md：请改名。",
                f"A deck's source is named as 03_inside.md, not {path.name}: rename it.",
            )
        found.append(Deck(int(match[1]), match[2], path))
    return found


def deck(name: str) -> Deck:
    """The deck with this slug or number; CourseError names those that there are."""
    found = decks()
    for one in found:
        if name in (one.slug, one.name, str(one.number)):
            return one
    known = [f"{one.number} ({one.slug})" for one in found]
    raise CourseError(
        f"没有叫“{name}”的课件。可选：{'、'.join(known) or '（还没有）'}。",
        f"There is no deck “{name}”. Known: {', '.join(known) or 'none yet'}.",
    )


def read(one: Deck) -> source.Source:
    return source.read(one.slug, one.path, command="slides")


def edition(text: source.Source, lang: str) -> NotebookNode:
    """The deck's notebook in one language, not yet executed, with the slide types that JupyterLab's deck mode reads."""
    notebook, begun = editions.lesson_edition(text, lang), False
    for cell in notebook.cells:
        tags, prose = cell.metadata.get("tags", []), cell.cell_type == "markdown"
        if prose and "notes" in tags:
            kind = "notes"
        elif prose and cell.source.lstrip().startswith("#"):
            kind, begun = "slide", True
        elif not begun:
            kind = "skip"
        else:
            kind = "fragment" if "fragment" in tags else ""
        if kind:  # a cell without a type stands on the slide that has begun
            cell.metadata["slideshow"] = {"slide_type": kind}
        if not prose and "show" not in tags:
            cell.metadata["jupyter"] = {"source_hidden": True}
    notebook.metadata["@deathbeds/jupyterlab-fonts"] = {"styles": LIVE_STYLE}
    return notebook


def minutes(one: Deck, lang: str) -> float:
    """How long a deck takes by the times in its notes."""
    notes = [cell for cell in edition(read(one), lang).cells if slide_page.slide_type(cell) == "notes"]
    return sum(TIMES[lang].get(cell.source.lstrip().partition("\n")[0], 0) for cell in notes)


def problems(one: Deck) -> list[str]:
    """What is wrong with a deck's source: halves missing or stale, terms, slides without title, notes or time."""
    text = read(one)
    found = source.structure_problems(text) + lint.source_problems(text)
    for lang in LANGS:
        cells = [cell for cell in edition(text, lang).cells if slide_page.slide_type(cell) != "skip"]
        kinds = [slide_page.slide_type(cell) for cell in cells]
        starts = [i for i, kind in enumerate(kinds) if kind == "slide"]
        if starts[:1] != [0]:
            first = text.cells[0].name
            found.append(
                source.complaint(text.where, first, "幻灯片要以标题开始。", "the first slide begins with a heading.")
            )
        for start, end in zip(starts, [*starts[1:], len(cells)][: len(starts)], strict=True):
            notes = [cell.source.lstrip() for cell in cells[start:end] if slide_page.slide_type(cell) == "notes"]
            if not notes:
                said = (
                    f"这一页（{lang}）没有讲稿，请加一格 notes。",
                    f"this slide ({lang}) has no notes: add a notes cell.",
                )
                found.append(source.complaint(text.where, cells[start].id, *said))
            elif notes[0].partition("\n")[0] not in TIMES[lang]:
                said = (
                    "讲稿的第一行要写这一页讲多久，像 **1 分半**。",
                    "the notes' first line says how long this slide takes, as **1½ minutes**.",
                )
                found.append(source.complaint(text.where, cells[start].id, *said))
    return found


def check() -> list[str]:
    """What is wrong with the sources of all decks, one sentence each."""
    return [problem for one in decks() for problem in problems(one)]


def executed(one: Deck, langs: Sequence[str]) -> list[NotebookNode]:
    """The deck in each of these languages with its outputs, run one after the other in one kernel, so that what is
    imported, loaded or computed `slide.once` serves all; CourseError with what is wrong in the source or a cell."""
    if found := problems(one):
        raise CourseError("\n".join(found), "\n".join(found))
    fresh = [edition(read(one), lang) for lang in langs]
    code = [[cell for cell in each.cells if cell.cell_type == "code"] for each in fresh]
    # code alone: papermill writes all outputs so far to the disk at each cell, prose or not
    cells = deepcopy([cell for own in code for cell in own])
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # no id may stand twice
    whole = nbformat.v4.new_notebook(cells=cells, metadata=fresh[0].metadata)
    strict = {"HF_HUB_OFFLINE": "1", "AIGC_STRICT": "1"}  # as it must run: no network, and every letter there
    with tempfile.TemporaryDirectory() as scratch, patch.dict(os.environ, strict):
        draft = Path(scratch, f"{one.name}.ipynb")
        draft.write_text(nbformat.writes(whole), encoding="utf-8")
        done = execute(draft, folder=course.root(), label=f"{one.slug} ({', '.join(langs)})").cells
    for notebook, own in zip(fresh, code, strict=True):
        ran, done = done[: len(own)], done[len(own) :]
        for count, cell in enumerate(ran, start=1):
            cell.execution_count = count
        build.tidy(NotebookNode(cells=ran), NotebookNode(cells=own))
        if found := numbers.problems(one.name, notebook):
            raise CourseError("\n".join(found), "\n".join(found))
    return fresh


def make(one: Deck, langs: Sequence[str], to: Path, pdf: bool = False) -> list[Path]:
    """Build one deck into `to`: in each language the page, the live notebook and, if asked for, the PDF.

    CourseError where the source, a cell, the disk or the browser is not as needed; the files are whole or not there.
    """
    browser = find_browser() if pdf else None  # before the work, not after it
    with writing(to, "--to"):
        try_folder(to)
    made = []
    for lang, notebook in zip(langs, executed(one, langs), strict=True):
        made += _write(one, lang, notebook, to / lang, browser)
    return made


def _write(one: Deck, lang: str, notebook: NotebookNode, folder: Path, browser: str | None) -> list[Path]:
    """Write an executed deck's files: page, notebook and, with a browser, PDF."""
    found = slide_page.slides(notebook)
    title, spoken = slide_page.seen(found[0].title).strip(), i18n.get_lang()
    i18n.set_lang(lang)
    try:
        html = slide_page.page(title, lang, found)
        printed = slide_page.page(title, lang, found, printed=True) if browser else ""
    finally:
        i18n.set_lang(spoken)
    if outside := lint.remote_url(re.sub(r"<script>.*?</script>", "", html, flags=re.S)):
        raise CourseError(f"课件会从别处加载 {outside}。", f"The deck would load {outside} from elsewhere.")
    page, live = folder / f"{one.name}.html", folder / f"{one.name}.ipynb"
    with writing(folder, "--to"):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(page, html)
        write_whole(live, nbformat.writes(notebook, version=4) + "\n")
    return [page, live, *([print_pdf(printed, page.with_suffix(".pdf"), browser, len(found))] if browser else [])]


def find_browser() -> str:
    """The path of a Chromium or Chrome; CourseError where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None) or (str(MAC) if MAC.exists() else None)
    if found is None:
        raise CourseError(
            "没有找到 Chromium 或 Chrome，做不了 PDF：请安装一个（Debian：apt install chromium），或去掉 --pdf。",
            "Found no Chromium or Chrome to print the PDF: install one (Debian: apt install chromium), "
            "or leave out --pdf.",
        )
    return found


def print_pdf(html: str, made: Path, browser: str, pages: int) -> Path:
    """Print a page made for it (`printed`) into `made`, a slide a page. CourseError where it has not `pages` pages."""
    made.unlink(missing_ok=True)
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses root otherwise
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch, "deck.html")
        page.write_text(html, encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            *root,
            f"--user-data-dir={scratch}/profile",
            "--no-first-run",
        ]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={made.resolve()}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    found = len(re.findall(rb"/Type\s*/Page\b", made.read_bytes())) if made.exists() else 0
    if found != pages:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise CourseError(
            f"浏览器只打印了 {found} 页，该有 {pages} 页：{said}",
            f"The browser printed {found} pages instead of {pages}: {said}",
        )
    return made


def accept(names: list[str]) -> int:
    """Say of these decks that both languages have been compared; returns how many cells were stamped anew."""
    return sum(source.accept(read(deck(name))) for name in names)


def made_for(names: list[str], langs: list[str], to: Path | None, pdf: bool = False) -> list[Path]:
    """Build the decks (all without `names`) in `langs` into `to`, by default slides/ of the course."""
    found = [deck(name) for name in names] if names else decks()
    if not found:
        raise CourseError("slides/src 里还没有课件。", "slides/src holds no deck yet.")
    return [path for one in found for path in make(one, langs, to or course.root() / "slides", pdf)]
