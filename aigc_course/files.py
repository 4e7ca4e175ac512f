"""Writing a file, or a folder, whole or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from aigc_course.errors import CourseError


@contextlib.contextmanager
def writing(folder: Path, option: str) -> Iterator[None]:
    """An OSError within becomes a CourseError that names the folder and the command's option for another one."""
    try:
        yield
    except OSError as error:
        raise CourseError(
            f"写不了 {folder}（{error.strerror or error}）：请用 {option} 换一个文件夹。",
            f"Cannot write {folder} ({error.strerror or error}): choose another folder with {option}.",
        ) from error


def try_folder(folder: Path) -> None:
    """Make the folder where it is missing and write to it; OSError, before the work and not after it, if that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".write").touch()
    (folder / ".write").unlink()


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Put `text` (UTF-8) into `path`: on the disk under another name first, then renamed over the old file.

    A kill or a full disk at any moment leaves the old file or the new one. mode: permissions before the umask.
    OSError where it cannot be written; then nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def replace_folder(made: Path, folder: Path) -> None:
    """Put a copy of the folder `made` in the place of `folder`, which may be missing.

    A full disk while it is copied leaves what stood there; OSError then, and nothing is left behind.
    """
    part, before = (folder.with_name(f".{folder.name}.{os.getpid()}.{what}") for what in ("part", "before"))
    try:
        shutil.copytree(made, part)
        if folder.exists():
            os.replace(folder, before)
        try:
            os.replace(part, folder)
        except OSError:
            if before.exists():
                os.replace(before, folder)
            raise
    finally:
        for left in (part, before):
            shutil.rmtree(left, ignore_errors=True)
