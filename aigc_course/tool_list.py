"""The lecture's catalogue of tools, and one's own list of those that one has tried, with the date of the last test.

One's own list is a CSV file in the learner's folder (`progress.home`) that a spreadsheet can open; nothing in it is
ever thrown away: what cannot be read is left as it is and said.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from functools import cache
from pathlib import Path

from filelock import FileLock

from aigc_course import course, progress, tables
from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.i18n import get_lang, t

DAYS = 21  # the lecture: refresh the list every 2 to 3 weeks
LOCK_SECONDS = 5

# kind → what people call it
KINDS = {
    "chat": ("聊天对话", "chat"),
    "image": ("图像生成", "images"),
    "audio": ("音频", "audio"),
    "video": ("视频生成", "video"),
    "search": ("搜索", "search"),
    "writing": ("写作", "writing"),
    "other": ("讲座没有归类", "not sorted by the lecture"),
}
ORIGINS = {"domestic": ("国内", "Chinese"), "foreign": ("国外", "foreign"), "": ("讲座没有说", "lecture does not say")}


@dataclass(frozen=True)
class Listed:
    """A row of datasets/tool_catalogue.csv: what the lecture says of a tool, on the day of the lecture. An empty field:
    it says nothing."""

    name: str
    maker: str
    kind: str
    origin: str
    about_zh: str
    about_en: str
    model: str
    url: str
    as_of: str
    source: str
    now: str

    @property
    def about(self) -> str:
        return self.about_zh if get_lang() == "zh" else self.about_en


@cache
def catalogue() -> tuple[Listed, ...]:
    """The lecture's tools; one that does two things has two rows."""
    path = course.root() / "datasets" / "tool_catalogue.csv"
    return tuple(Listed(*row) for row in tables.rows(path, tuple(field.name for field in fields(Listed))))


def find(kind: str | None = None, origin: str | None = None, word: str = "") -> list[Listed]:
    """The catalogue, filtered: by kind (a key of KINDS), origin (of ORIGINS), a word in name, maker or description."""
    for given, known in ((kind, KINDS), (origin, ORIGINS)):
        if given is not None and given not in known:
            shown = ", ".join(repr(key) for key in known)
            raise CourseError(f"没有 {given!r} 这一类，可选：{shown}。", f"There is no {given!r}; choose from {shown}.")
    return [
        row
        for row in catalogue()
        if (kind is None or row.kind == kind)
        and (origin is None or row.origin == origin)
        and word.casefold() in f"{row.name} {row.maker} {row.about_zh} {row.about_en} {row.model}".casefold()
    ]


# ---- one's own list ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mine:
    """A tool that one has tried. tested: the day of the last test; main: one of the one or two that one really uses."""

    name: str
    purpose: str
    tested: date
    main: bool = False
    note: str = ""


COLUMNS = tuple(field.name for field in fields(Mine))


def path() -> Path:
    """Where one's own list is kept."""
    return progress.home() / "my_tools.csv"


def read(file: Path | None = None) -> list[Mine]:
    """One's own list, empty where there is none yet; CourseError names the row that cannot be read."""
    file = file or path()
    try:
        # a spreadsheet puts a mark at the front
        found = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(file, None, getattr(error, "strerror", None) or str(error)) from error
    if not found or tuple(found[0]) != COLUMNS:
        raise _unreadable(file, 1, ",".join(COLUMNS))
    return [_entry(file, number, row) for number, row in enumerate(found[1:], start=2) if any(row)]


def _entry(file: Path, number: int, row: Sequence[str]) -> Mine:
    try:
        name, purpose, tested, main, note = row
        year, month, day = re.split("[-/]", tested.strip())  # spreadsheets like 2026/11/5 better
        if not name.strip() or main.strip().casefold() not in ("yes", "no", ""):
            raise ValueError(main)
        return Mine(name, purpose, date(int(year), int(month), int(day)), main.strip().casefold() == "yes", note)
    except ValueError as error:
        raise _unreadable(file, number, "name,purpose,2026-11-05,yes,note") from error


def _unreadable(file: Path, row: int | None, wanted: str) -> CourseError:
    where_zh, where_en = (f"第 {row} 行", f", row {row}") if row else ("", "")
    zh, en = (f"应该像 {wanted}", f"should look like {wanted}") if row else (wanted, wanted)
    return CourseError(
        f"读不了你的工具清单 {file}{where_zh}（{zh}）：请用编辑器改好它，或把它改名放到一边；没有动过它。",
        f"Cannot read your list of tools {file}{where_en} ({en}): mend it in an editor, or rename it to start afresh; "
        "it was left as it is.",
    )


def keep(tool: Mine, file: Path | None = None) -> list[Mine]:
    """Put a tool on one's list, or bring its entry up to date (same name, capitals or not); gives the whole list.

    CourseError where the list cannot be read or written; then the file is as it was.
    """
    if not tool.name.strip():
        raise CourseError("请写出工具的名字。", "Write the name of the tool.")
    file = file or path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock", timeout=LOCK_SECONDS):  # two notebooks may be open
            tools = read(file)
            same = [i for i, old in enumerate(tools) if old.name.casefold() == tool.name.casefold()]
            tools[slice(same[0], same[0] + 1) if same else slice(len(tools), None)] = [tool]
            write_whole(file, _as_csv(tools), mode=0o600)
    except OSError as error:
        raise CourseError(
            f"写不了你的工具清单 {file}（{error.strerror or error}）：请检查磁盘空间和文件夹权限，或设置 AIGC_HOME。",
            f"Cannot write your list of tools {file} ({error.strerror or error}): check the disk and the folder's "
            "permissions, or set AIGC_HOME.",
        ) from error
    return tools


def tested(name: str, when: date, file: Path | None = None, **changes) -> list[Mine]:
    """Note that a tool of one's list was tested again, with other changes to its entry if there are any."""
    old = next((tool for tool in read(file) if tool.name.casefold() == name.casefold()), None)
    if old is None:
        raise CourseError(
            f"清单里没有“{name}”：先用 keep(Mine(…)) 加上。", f"Your list has no “{name}”: add it with keep(Mine(…))."
        )
    return keep(replace(old, tested=when, **changes), file)


def _as_csv(tools: Sequence[Mine]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(
        [*astuple(tool)[:2], tool.tested.isoformat(), "yes" if tool.main else "no", tool.note] for tool in tools
    )
    return "\ufeff" + out.getvalue()  # without this mark a Chinese Excel takes UTF-8 for something else


def due(tools: Sequence[Mine], today: date, days: int = DAYS) -> list[Mine]:
    """The tools whose last test is more than `days` days ago, the oldest first; a date in the future is due, too."""
    old = [tool for tool in tools if not 0 <= (today - tool.tested).days <= days]
    return sorted(old, key=lambda tool: tool.tested)


def reminder(tools: Sequence[Mine], today: date, days: int = DAYS) -> str:
    """One sentence for the learner: what is to be tested again."""
    if not tools:
        return t(
            "你的工具清单还是空的：用 tool_list.keep(Mine(…)) 加第一样。",
            "Your list is empty: put the first tool on it with tool_list.keep(Mine(…)).",
        )
    if not (old := due(tools, today, days)):
        return t(
            f"清单里的 {len(tools)} 样工具，都在 {days} 天之内测过。",
            f"Everything on your list ({len(tools)}) was tested within {days} days.",
        )
    names = [
        t(f"{tool.name}（{(today - tool.tested).days} 天前）", f"{tool.name} ({(today - tool.tested).days} days ago)")
        for tool in old
    ]
    return t("该再测一遍了：" + "、".join(names) + "。", "Time to test again: " + ", ".join(names) + ".")
