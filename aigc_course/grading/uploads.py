"""The files of a folder or a zip, each read only when asked for and only if it is a plain file of a decent size."""

import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aigc_course.errors import CourseError

MOST_FILES = 200_000
IGNORED = (".ipynb_checkpoints", "__MACOSX", "__pycache__")

Note = tuple[str, str]


class Refused(CourseError):
    """A file that is not read; str() says why."""


@dataclass(frozen=True)
class File:
    """A file as it lies in a folder or zip. parts: of its path. read: its bytes, at most so many; Refused otherwise.
    suspect: it will be refused whatever it holds."""

    parts: tuple[str, ...]
    modified: datetime
    read: Callable[[int], bytes]
    suspect: bool = False


def in_folder(root: Path) -> Iterator[File]:
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        above = Path(place).relative_to(root).parts
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in sorted([*names, *linked]):
            yield _file_on_disk(os.path.join(place, name), (*above, name))
        if above and not names and not folders:  # a student who handed in an empty folder
            yield File((*above, ""), _mtime(place), lambda limit: b"")


def _mtime(path: str) -> datetime:
    return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)


def _file_on_disk(path: str, parts: tuple[str, ...]) -> File:
    def read(limit: int) -> bytes:
        try:
            # a pipe must not be waited for, a link not followed
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if os.path.islink(path):
                raise _not_a_file() from error
            reason = error.strerror or type(error).__name__
            raise Refused(f"文件读不了（{reason}）。", f"The file cannot be read ({reason}).") from error
        with open(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _not_a_file()
            return _whole(file, status.st_size, limit)

    return File(parts, _mtime(path), read, suspect=not stat.S_ISREG(os.lstat(path).st_mode))


def _not_a_file() -> Refused:
    return Refused(
        "交上来的是链接或设备，不是文件；没有读它。", "A link or a device was handed in, not a file; it was not read."
    )


def _whole(file, size: int, limit: int) -> bytes:
    data = file.read(limit + 1) if size <= limit else b""
    if size > limit or len(data) > limit:
        raise Refused(
            f"文件太大：超过 {limit / 1e6:.0f} MB。请清除输出后重新提交。",
            f"The file is too large: over {limit / 1e6:.0f} MB. Clear the outputs and hand it in again.",
        )
    return data


def in_zip(path: Path) -> Iterator[File]:
    try:
        archive = zipfile.ZipFile(path)
        infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CourseError(
            f"{path.name} 不是完好的 zip 文件，也不是文件夹。", f"{path.name} is neither a whole zip file nor a folder."
        ) from error
    if len(infos) > MOST_FILES:
        raise CourseError(
            f"{path.name} 里的文件太多（{len(infos)} 个）。", f"There are too many files in {path.name}: {len(infos)}."
        )
    names = [_zip_name(info) for info in infos]
    times = Counter(_parts(name) for name in names if not _leads_out(name))
    for info, name in zip(infos, names, strict=True):
        parts, problem = _parts(name), None
        if info.is_dir() or not parts or any(part in IGNORED for part in parts):
            continue
        if _leads_out(name):
            problem = (
                "压缩包里的路径指到了外面，没有读它。",
                "Its path in the zip leads out of the zip; it was not read.",
            )
            parts = tuple(part for part in parts if part != ".." and not part.endswith(":")) or ("?",)
        elif times[parts] > 1:
            problem = (
                "压缩包里有两个同名文件，一个也没有读。",
                "Two files in the zip have the same name; none was read.",
            )
        elif stat.S_ISLNK(info.external_attr >> 16):
            problem = _not_a_file().args
        yield _file_in_zip(archive, info, parts, problem)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))


def _leads_out(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in _parts(name) or bool(re.match(r"[A-Za-z]:", name)) or "\0" in name


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: a zip made in a Chinese Windows has GBK where the format says CP437."""
    name = getattr(info, "orig_filename", info.filename)
    if info.flag_bits & 0x800:
        return name
    for encoding in ("utf-8", "gbk"):
        try:
            return name.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return name


def _file_in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, parts: tuple[str, ...], problem: Note | None) -> File:
    def read(limit: int) -> bytes:
        if problem:
            raise Refused(*problem)
        try:
            if info.file_size > limit:
                return _whole(None, info.file_size, limit)
            with archive.open(info) as file:
                return _whole(file, info.file_size, limit)
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, ValueError) as error:
            if isinstance(error, Refused):
                raise
            raise Refused(
                "压缩包里的这个文件损坏了或者加了密。", "This file in the zip is damaged or encrypted."
            ) from error

    try:
        modified = datetime(*info.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        modified = datetime.now(UTC)
    return File(parts, modified, read, suspect=problem is not None)
