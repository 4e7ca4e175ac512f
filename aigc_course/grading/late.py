"""The late rule: so many per cent of the score for each day begun after the deadline."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from aigc_course.errors import CourseError

DAY = 86_400


@dataclass(frozen=True)
class LateRule:
    """due: the deadline. per_day: per cent of the score that each day begun after it costs."""

    due: datetime | None = None
    per_day: float = 0.0

    def days(self, handed_in: datetime) -> int:
        """Days begun after the deadline."""
        late = (handed_in - self.due).total_seconds() if self.due else 0.0
        return math.ceil(late / DAY) if late > 0 else 0

    def penalty(self, score: float, handed_in: datetime) -> float:
        """Points taken off a score."""
        return round(min(score, score * self.per_day / 100 * self.days(handed_in)), 6)


def deadline(text: str) -> datetime:
    """A deadline as in 2026-11-30, 2026-11-30T18:00 or with +08:00: the end of a day, this machine's time where no
    other is named. CourseError for anything else."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise CourseError(
            f"看不懂截止时间“{text}”：请写成 2026-11-30 或 2026-11-30T18:00+08:00。",
            f"Cannot read the deadline “{text}”: write 2026-11-30 or 2026-11-30T18:00+08:00.",
        ) from None
    if len(text) <= len("2026-11-30"):
        when = when.replace(hour=23, minute=59, second=59)
    return when.astimezone(UTC)
