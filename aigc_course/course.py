"""The course map, read from course.toml."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang

PARTS = ("module", "widget", "lab", "quiz")


@dataclass(frozen=True)
class Lesson:
    """One entry of course.toml. `number` starts at 1; `parts` is a subset of PARTS."""

    number: int
    slug: str
    title_zh: str
    title_en: str
    minutes: int
    models: tuple[str, ...]
    parts: tuple[str, ...]
    slide_part: int

    @property
    def title(self) -> str:
        return self.title_zh if get_lang() == "zh" else self.title_en

    @property
    def source(self) -> Path:
        return root() / "notebooks" / "src" / f"{self.slug}.md"

    @property
    def lab_source(self) -> Path:
        return root() / "labs" / "src" / f"{self.slug}.md"

    def notebook(self, lang: str) -> Path:
        return root() / "notebooks" / lang / f"{self.number:02d}_{self.slug}.ipynb"

    def lab(self, lang: str) -> Path:
        return root() / "labs" / lang / f"{self.slug}.ipynb"


@dataclass(frozen=True)
class ModelRole:
    """A model's part in the course. `gpu`: the hub model that plays it with tier="gpu"."""

    name: str
    kind: str
    gpu: str
    about_zh: str
    about_en: str

    @property
    def about(self) -> str:
        return self.about_zh if get_lang() == "zh" else self.about_en


@dataclass(frozen=True)
class Course:
    title_zh: str
    title_en: str
    lessons: tuple[Lesson, ...]
    models: dict[str, ModelRole]


def root() -> Path:
    """The folder with course.toml: the clone, or the package itself where only the wheel is installed."""
    package = Path(__file__).resolve().parent
    return package.parent if (package.parent / "course.toml").exists() else package


def require_clone() -> None:
    """CourseError where only the package is installed, without the lessons."""
    if not (root() / "notebooks").is_dir():
        raise CourseError(
            "这里只装了程序包，没有课文：请克隆课程仓库，在那里运行 make lab。",
            "Only the package is installed here, without the lessons: clone the course and run make lab there.",
        )


def read(path: Path) -> Course:
    """Parse one course.toml; CourseError names the file and what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        lessons = tuple(
            Lesson(number=i, **{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
            for i, entry in enumerate(data["lesson"], start=1)
        )
        models = {name: ModelRole(name=name, **entry) for name, entry in data["models"].items()}
        return Course(data["course"]["title_zh"], data["course"]["title_en"], lessons, models)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(
            f"读不懂课程目录 {path.name}（{error}）。请用 git checkout 恢复这个文件。",
            f"Cannot read the course map {path.name} ({error}): restore the file with git checkout.",
        ) from error


@cache
def load() -> Course:
    """The course of this installation."""
    return read(root() / "course.toml")


def _pick(kind_zh: str, kind_en: str, wanted: str, known: list[str]) -> str:
    if wanted in known:
        return wanted
    near = difflib.get_close_matches(wanted, known, n=1)
    raise CourseError(
        f"没有叫“{wanted}”的{kind_zh}。" + (f"是不是“{near[0]}”？" if near else "") + f"可选：{'、'.join(known)}。",
        f"There is no {kind_en} called “{wanted}”."
        + (f" Did you mean “{near[0]}”?" if near else "")
        + f" Known: {', '.join(known)}.",
    )


def lesson(slug: str) -> Lesson:
    """The lesson with this slug; CourseError with the nearest name for an unknown one."""
    lessons = {entry.slug: entry for entry in load().lessons}
    return lessons[_pick("课", "lesson", slug, list(lessons))]


def model(name: str) -> ModelRole:
    """The model role with this name; CourseError with the nearest name for an unknown one."""
    models = load().models
    return models[_pick("模型", "model", name, list(models))]
