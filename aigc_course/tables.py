"""The course's own tables: CSV files with fixed columns."""

import csv
from pathlib import Path

from aigc_course.errors import CourseError


def rows(path: Path, columns: tuple[str, ...]) -> list[list[str]]:
    """The rows of a CSV file below its heading, each as long as `columns`; CourseError names file and row."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(
            f"读不了表格 {path.name}（{reason}），请用 git checkout 恢复这个文件。",
            f"Cannot read the table {path.name} ({reason}): restore the file with git checkout.",
        ) from error
    wrong = next((number for number, row in enumerate(found, start=1) if len(row) != len(columns)), None)
    if not found or tuple(found[0]) != columns or wrong:
        raise CourseError(
            f"{path.name} 第 {wrong or 1} 行的列不对，应该是 {','.join(columns)}（含逗号的句子要加引号）。",
            f"{path.name} row {wrong or 1} does not have the columns {','.join(columns)}: "
            "put sentences with commas in quotes.",
        )
    return found[1:]
