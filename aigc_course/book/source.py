"""Reading a lesson or lab source: MyST Markdown with the prose of both languages side by side."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import yaml
from jupytext.myst import MystMetadataParsingError
from nbformat import ValidationError

from aigc_course import course
from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS, t

_BREAK = re.compile(r"^\+\+\+ (?P<metadata>\{.*\})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One cell of a source. lang: "zh" or "en" for prose, None for code and for untagged prose."""

    kind: str  # "markdown" or "code"
    text: str
    lang: str | None
    name: str
    tags: tuple[str, ...] = ()
    twin: str = ""
    check: str = ""
    manual: str = ""
    points: int = 0

    @property
    def hash(self) -> str:
        """What the other half of a pair keeps, to notice that this half has changed."""
        return hashlib.sha256(self.text.strip().encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Source:
    """A parsed source file."""

    slug: str
    path: Path
    cells: tuple[Cell, ...] = field(default_factory=tuple)
    command: str = "build"  # the command of `aigc` that builds it

    @property
    def where(self) -> str:
        """The path as messages and readers name it."""
        return display_path(self.path)


def display_path(path: Path) -> str:
    """A path relative to the course's root where it lies inside it."""
    return path.relative_to(course.root()).as_posix() if path.is_relative_to(course.root()) else path.name


def _cell(raw, number: int, code_number: int) -> Cell:
    meta = raw.metadata
    tags = tuple(meta.get("tags", ()))
    lang = next((tag for tag in tags if tag in LANGS), None) if raw.cell_type == "markdown" else None
    name = meta.get("name") or (f"code-{code_number}" if raw.cell_type == "code" else f"prose-{number}")
    return Cell(
        kind=raw.cell_type,
        text=raw.source,
        lang=lang,
        name=name,
        tags=tuple(tag for tag in tags if tag not in LANGS),
        twin=meta.get("twin", ""),
        check=meta.get("check", ""),
        manual=meta.get("manual", ""),
        points=meta.get("points", 0),
    )


def read(slug: str, path: Path, command: str = "build") -> Source:
    """Parse one source file; CourseError names the file and the cell of the first thing that is wrong.

    command: the command of `aigc` that builds it, which complaints name.
    """
    where = display_path(path)
    try:
        text = path.read_text(encoding="utf-8")
        notebook = jupytext.reads(text, fmt="md:myst")
    except FileNotFoundError as error:
        raise CourseError(
            f"没有源文件 {where}，请先写好它。", f"There is no source {where}: write it first."
        ) from error
    except (OSError, UnicodeDecodeError, MystMetadataParsingError, yaml.YAMLError, ValidationError) as error:
        # of a value of the wrong kind nbformat tells the whole schema
        reason = error.message if isinstance(error, ValidationError) else " ".join(str(error).split())
        raise CourseError(
            f"{where} 读不出来：{reason}。请改好这一处再构建。",
            f"Cannot read {where}: {reason}. Mend that place, then build again.",
        ) from error
    if text.count("```{code-cell}") != sum(cell.cell_type == "code" for cell in notebook.cells):
        raise CourseError(
            f"{where} 里有一个代码格没有用 ``` 结束，请补上。",
            f"A code cell in {where} does not end with ```: close it.",
        )
    cells, code_number = [], 0
    for number, raw in enumerate(notebook.cells, start=1):
        code_number += raw.cell_type == "code"
        cells.append(_cell(raw, number, code_number))
    return Source(slug, path, tuple(cells), command)


def pairs(source: Source) -> list[tuple[Cell, Cell]]:
    """(zh, en) of each prose cell that has both halves, in order."""
    by_name = {lang: {c.name: c for c in source.cells if c.lang == lang} for lang in LANGS}
    return [(zh, by_name["en"][name]) for name, zh in by_name["zh"].items() if name in by_name["en"]]


def complaint(where: str, cell: str, zh: str, en: str) -> str:
    """One sentence on what is wrong, with the file and, if there is one, the cell."""
    return f"{where}{t(f'，格 {cell}' if cell else '', f', cell {cell}' if cell else '')}: {t(zh, en)}"


def structure_problems(source: Source) -> list[str]:
    """What is wrong with a source's cells: untagged prose, missing or stale halves, repeated names."""
    found = []

    def add(cell: Cell, zh: str, en: str) -> None:
        found.append(complaint(source.where, cell.name, zh, en))

    seen: set[tuple[str, str]] = set()
    for position, cell in enumerate(source.cells):
        # a code cell stands in both editions, so its name must differ from every prose cell's
        places = {(lang, cell.name) for lang in LANGS if cell.lang in (None, lang)}
        if seen & places:
            add(cell, "名字重复，请换一个。", "the name is used twice: choose another.")
        seen |= places
        if not re.fullmatch(r"[a-z0-9-]+", cell.name):
            add(cell, "名字只能用小写字母、数字和连字符。", "a name has lower-case letters, digits and hyphens only.")
        if cell.kind == "markdown" and cell.lang is None:
            add(cell, "这段文字没有标 zh 或 en。", "this prose is tagged neither zh nor en.")
        if cell.lang == "zh":
            after = source.cells[position + 1] if position + 1 < len(source.cells) else None
            if after is None or (after.lang, after.name) != ("en", cell.name):
                add(cell, "后面缺它的英文一半。", "its English half does not follow it.")
        if cell.lang == "en":
            before = source.cells[position - 1] if position else None
            if before is None or (before.lang, before.name) != ("zh", cell.name):
                add(cell, "前面缺它的中文一半。", "its Chinese half does not stand before it.")
    for zh, en in pairs(source):
        stale = [name for name, half, other in (("zh", zh, en), ("en", en, zh)) if half.twin != other.hash]
        if stale:
            again = f"aigc {source.command} --accept {source.slug}"
            add(
                zh,
                f"{'、'.join(stale)} 一半是照着旧的另一半写的。对照两种语言改好，再运行 {again}。",
                f"the {' and '.join(stale)} half was written against an older twin. Compare the two, then run {again}.",
            )
    return found


def accept(source: Source) -> int:
    """Stamp each half of each pair with its twin's present hash; returns how many stamps changed."""
    text = source.path.read_text(encoding="utf-8")
    stamps = {}
    for zh, en in pairs(source):
        stamps["zh", zh.name], stamps["en", en.name] = en.hash, zh.hash
    changed = 0

    def stamp(match: re.Match) -> str:
        nonlocal changed
        metadata = json.loads(match["metadata"])
        lang = next((tag for tag in metadata.get("tags", ()) if tag in LANGS), None)
        wanted = stamps.get((lang, metadata.get("name")))
        if wanted is None or metadata.get("twin") == wanted:
            return match[0]
        changed += 1
        return "+++ " + json.dumps(metadata | {"twin": wanted}, ensure_ascii=False)

    stamped = _BREAK.sub(stamp, text)
    if changed:
        write_whole(source.path, stamped)
    return changed
