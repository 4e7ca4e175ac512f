"""`aigc release`: what a student gets of a lab, and nothing else of it."""

from pathlib import Path

import nbformat

from aigc_course import course
from aigc_course.errors import CourseError
from aigc_course.files import write_whole, writing
from aigc_course.grading import lab as labs
from aigc_course.i18n import LANGS

README = {
    "zh": """# {title}

打开 `{slug}.ipynb`，一题一题地做。每题下面的 `check(…)` 会告诉你对不对、怎么改；评分时用的是别的输入。

需要先装好课程（已经在课程的 JupyterLab 里，就不用管这一步）：

- 自己的电脑：在课程的文件夹里运行 `make lab`，或者 `pip install -e ".[lab]"`。
- Colab：克隆课程，再运行 `pip install anywidget && pip install --no-deps -e .`，然后打开这个笔记本。

做完以后保存，交这个 `{slug}.ipynb`，文件名不要改。不要删除或复制题目的格子。
""",
    "en": """# {title}

Open `{slug}.ipynb` and work through the questions. The `check(…)` below each one says whether it is right, and what to
mend; grading uses other inputs.

The course must be installed (in the course's own JupyterLab it is):

- On your computer: run `make lab` in the course's folder, or `pip install -e ".[lab]"`.
- On Colab: clone the course, run `pip install anywidget && pip install --no-deps -e .`, then open this notebook.

When you are done, save, and hand in this `{slug}.ipynb` under this name. Do not delete or copy the cells of a question.
""",
}


def release(slug: str, lang: str, to: Path, force: bool = False) -> list[Path]:
    """Write the student tree of a lab into the folder `to`; returns its files.

    force: overwrite what differs. CourseError for an unknown lab or language, or where something else is in the way.
    """
    if lang not in LANGS:
        raise CourseError(f"没有“{lang}”这种语言，请用 zh 或 en。", f"There is no language “{lang}”: use zh or en.")
    lesson, notebook = course.lesson(slug), labs.released(slug, lang)
    title = lesson.title_zh if lang == "zh" else lesson.title_en
    texts = {
        to / f"{slug}.ipynb": nbformat.writes(notebook, version=4) + "\n",
        to / "README.md": README[lang].format(slug=slug, title=title),
    }
    for path, text in texts.items():
        if not force and path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
            raise CourseError(
                f"{path} 已经有了，而且内容不同（也许是学生的作业）：换一个文件夹，或加上 --force。",
                f"{path} is there already and differs (a student's work?): choose another folder, or say --force.",
            )
    with writing(to, "--to"):
        to.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            write_whole(path, text)
    return list(texts)
