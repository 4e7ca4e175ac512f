"""What the long experiments of the reasoning lessons measured: datasets/reasoning_arms.csv and the stored runs.

`python -m aigc_course.train.arms` makes both; here they are only read, so that a lesson need not train for hours.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from aigc_course import course, stories, tables
from aigc_course.errors import CourseError
from aigc_course.reasoning import Attempt
from aigc_course.rl import Update

# arm: what was trained; base_seed: of the model that it started from, "" if from nothing; operations: of the stories,
# or "all"; low, high: 95 % interval of value (Wilson); tokens: written per story; train_seconds: processor seconds of
# this arm's own training
FIELDS = (
    "arm",
    "base_seed",
    "seed",
    "measure",
    "operations",
    "value",
    "low",
    "high",
    "n",
    "tokens",
    "train_seconds",
)


@dataclass(frozen=True)
class Measured:
    """One row of the table; numbers that a row does not have are None."""

    arm: str
    base_seed: int | None
    seed: int
    measure: str
    operations: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    tokens: float | None
    train_seconds: int | None


def path() -> Path:
    """Where the table is."""
    return course.root() / "datasets" / "reasoning_arms.csv"


def measured(arm: str, measure: str = "accuracy", operations: str | int = "all") -> list[Measured]:
    """The rows of one arm and measure, one per seed; CourseError for an arm or measure that the table lacks."""
    found = [row for row in _rows() if (row.arm, row.measure, row.operations) == (arm, measure, str(operations))]
    if not found:
        known = "、".join(sorted(names()))
        raise CourseError(
            f"表 {path().name} 里没有 {arm} 的 {measure}（{operations}），有这些：{known}。",
            f"{path().name} has no {measure} ({operations}) of {arm}; there is: {known.replace('、', ', ')}.",
        )
    return found


def names() -> set[str]:
    """The arms that the table has."""
    return {row.arm for row in _rows()}


def _rows() -> list[Measured]:
    def number(text: str, kind):
        return kind(text) if text else None

    return [
        Measured(
            arm,
            number(base, int),
            int(seed),
            measure,
            operations,
            float(value),
            number(low, float),
            number(high, float),
            number(n, int),
            number(tokens, float),
            number(seconds, int),
        )
        for arm, base, seed, measure, operations, value, low, high, n, tokens, seconds in tables.rows(path(), FIELDS)
    ]


# ---- stored runs of reinforcement learning -------------------------------------------------------------------------


def run_path(name: str) -> Path:
    """Where the run `name` is stored."""
    return course.root() / "datasets" / "rl_runs" / f"{name}.json"


def save_run(updates: list[Update], file: Path) -> None:
    """Write the updates of a run, each with its first story's group only."""
    kept = [asdict(replace(update, groups=update.groups[:1])) for update in updates]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(json.dumps(update, ensure_ascii=False) for update in kept) + "\n", encoding="utf-8")


def load_run(name: str) -> list[Update]:
    """The updates of a stored run, as `rl.grpo` gave them when it ran."""
    try:
        lines = run_path(name).read_text(encoding="utf-8").splitlines()
        return [_update(json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"读不了存下的训练过程 {run_path(name).name}，请用 git checkout 恢复这个文件。",
            f"Cannot read the stored run {run_path(name).name}: restore the file with git checkout.",
        ) from error


def _update(kept: dict) -> Update:
    groups = [
        (
            stories.Story(**story | {"ops": tuple((op, n) for op, n in story["ops"])}),
            [Attempt(*attempt) for attempt in group],
            rewards,
        )
        for story, group, rewards in kept["groups"]
    ]
    return Update(**kept | {"groups": groups})
