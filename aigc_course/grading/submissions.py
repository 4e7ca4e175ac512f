"""Finding what was handed in: nbgrader's tree, a flat folder or a zip. Nothing is written, no link followed."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from aigc_course import course
from aigc_course.errors import CourseError
from aigc_course.grading.uploads import File, Note, Refused, in_folder, in_zip

LONGEST_NAME = 120  # bytes
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Submission:
    """What one student handed in. handed_in: when, as nbgrader or the file says. notes: what is odd about the files."""

    student: str
    name: str
    handed_in: datetime
    file: File | None
    notes: tuple[Note, ...] = ()

    def read(self, limit: int) -> bytes:
        """The notebook's bytes; Refused where there is none or it is not to be read."""
        if self.file is None:
            raise Refused("没有交笔记本。", "No notebook was handed in.")
        return self.file.read(limit)


def find(path: Path, lab: str) -> list[Submission]:
    """Every student's submission of a lab, in order of their names. CourseError where there is nothing at `path`."""
    if path.is_dir():
        files = list(in_folder(path))
    elif path.is_file():
        files = list(in_zip(path))
    else:
        raise CourseError(f"没有 {path}：请检查路径。", f"There is no {path}: check the path.")
    per_student: dict[str, list[File]] = {}
    for file, student in _students(files, lab):
        per_student.setdefault(student, []).append(file)
    if not per_student:
        raise CourseError(
            f"{path} 里没有练习 {lab} 的提交。要的是 submitted/<学生>/{lab}/{lab}.ipynb，"
            "或者一个装着 <学生>.ipynb 的文件夹或 zip。",
            f"There are no submissions of the lab {lab} in {path}. Wanted: submitted/<student>/{lab}/{lab}.ipynb, or a "
            "folder or zip of <student>.ipynb.",
        )
    return [_submission(student, found, lab) for student, found in sorted(per_student.items())]


def _students(files: list[File], lab: str) -> Iterator[tuple[File, str]]:
    """Each file of the lab with its student; the parts of its path are then those below the student."""
    others = {one.slug for one in course.load().lessons} - {lab}
    wrapped = _wrapped([file.parts for file in files if not file.suspect], lab)
    for file in files:
        parts = file.parts
        if "submitted" in parts[:-1]:
            parts = parts[parts.index("submitted") + 1 :]
        elif wrapped:
            parts = parts[1:]
        if not parts or (parts[-1].startswith(".") and parts[-1] != ""):
            continue
        if len(parts) == 1:
            if _is_notebook(parts[0]):
                yield replace(file, parts=parts), _name(_stem(parts[0], lab))
        elif not (len(parts) > 2 and parts[1] in others):
            below = parts[2:] if len(parts) > 2 and parts[1] == lab else parts[1:]
            yield replace(file, parts=below), _name(parts[0])


def _wrapped(paths: list[tuple[str, ...]], lab: str) -> bool:
    """Whether all lies in one folder whose name is nobody's, as in a zip of a folder."""
    notebooks = [parts for parts in paths if len(parts) > 1 and _is_notebook(parts[-1])]
    if len(notebooks) < 2 or len({parts[0] for parts in paths}) > 1:
        return False
    # one student's folder holds the lab, or the folder of the lab
    return not any(parts[1] in (lab, f"{lab}.ipynb") for parts in paths if len(parts) > 1)


def _is_notebook(name: str) -> bool:
    return ".ipynb" in name.lower()


def _stem(name: str, lab: str) -> str:
    """The student in the name of a file: 王伟_tokens.ipynb and tokens_王伟.ipynb are 王伟's."""
    stem = re.split(r"\.ipynb", name, flags=re.I)[0]
    return re.sub(rf"^{lab}[ _-]+(?=.)|(?<=.)[ _-]+{lab}$", "", stem) or stem


def _name(text: str) -> str:
    """A student's name that can be a file's: what cannot stand in one is written %XX, so no two become one."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    text = re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|%]|^[. ]|[. ]$", lambda found: f"%{ord(found[0]):02X}", text)
    if len(text.encode()) <= LONGEST_NAME:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return text.encode()[: LONGEST_NAME - 9].decode("utf-8", "ignore") + "~" + digest


def _submission(student: str, files: list[File], lab: str) -> Submission:
    notebooks = [file for file in files if _is_notebook(file.parts[-1])]
    notes: list[Note] = []
    if not notebooks:
        return Submission(student, "", min(file.modified for file in files), None)

    def rank(file: File) -> tuple:
        name = file.parts[-1].lower()
        # what is refused must not stand in the way of what is not: its path may be somebody else's doing
        return (
            file.suspect,
            name != f"{lab}.ipynb",
            lab not in name,
            len(file.parts),
            -file.modified.timestamp(),
            file.parts,
        )

    chosen = min(notebooks, key=rank)
    name = chosen.parts[-1]
    if len(notebooks) > 1:
        notes.append(
            (
                f"交了 {len(notebooks)} 个笔记本，评的是 {name}。",
                f"{len(notebooks)} notebooks were handed in; {name} was graded.",
            )
        )
    handed_in = chosen.modified
    for file in files:
        if file.parts == (TIMESTAMP,):
            handed_in = _timestamp(file, notes) or handed_in
    return Submission(student, name, handed_in, chosen, tuple(notes))


def _timestamp(file: File, notes: list[Note]) -> datetime | None:
    """nbgrader's time of collection, as in `2026-11-22 08:00:00.000000 UTC`."""
    try:
        text = file.read(200).decode("utf-8").strip()
        text = re.sub(r"\s+(UTC|GMT|Z)$", "+00:00", text)
        when = datetime.fromisoformat(re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", text))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (Refused, ValueError, OverflowError):
        notes.append(
            (f"{TIMESTAMP} 读不懂，按文件的时间算。", f"{TIMESTAMP} cannot be read: the file's own time counts.")
        )
        return None
