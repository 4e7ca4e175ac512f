"""Writing a file whole or not at all."""

import contextlib
import os
from pathlib import Path


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
