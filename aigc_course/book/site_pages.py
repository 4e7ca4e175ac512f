"""The pages of the course's site as Sphinx reads them: notebooks with a word about the live version, and MyST text."""

import re
from html import escape
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from aigc_course import course, glossary
from aigc_course.book import slides
from aigc_course.i18n import t

_WIDGET = re.compile(r"[A-Z][A-Za-z]+")
START = "make lab"


def lesson(notebook: NotebookNode, entry: course.Lesson, path: str) -> NotebookNode:
    """A lesson's built notebook for reading: how to run it stands first, each widget says that it is a still.

    path: where the notebook lies in the course.
    """
    hint = t(
        f"课文已经运行好了。想自己预测、动手改，请在 JupyterLab 里打开 `{path}`（先运行 `{START}`）。",
        f"The lesson as it ran. To predict, run and change things, open `{path}` in JupyterLab (`{START}` starts it).",
    )
    if "lab" in entry.parts:
        link = f"../labs/{entry.slug}.ipynb"
        hint += t(f"这一课还有[练习]({link})。", f" There is [a lab]({link}) for it.")
    _fold_preparation(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _say_what_is_still(cell)
            alt = t("上面的代码画出的图", "what the code above draws")  # MyST-NB would read out the name of the file
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
    notebook.cells.insert(1, _note(hint))
    return notebook


def lab(notebook: NotebookNode, entry: course.Lesson, path: str) -> NotebookNode:
    """A lab as students get it, without solutions, and where to do it."""
    hint = t(
        f"这是练习的题目。做题请在 JupyterLab 里打开 `{path}`（先运行 `{START}`），`check(…)` 会当场判对错。"
        f"课文在[这里](../lessons/{entry.notebook('').stem}.ipynb)。",
        f"These are the questions. To answer them, open `{path}` in JupyterLab (`{START}` starts it), where `check(…)` "
        f"marks what you write. [The lesson](../lessons/{entry.notebook('').stem}.ipynb) explains.",
    )
    _fold_preparation(notebook)
    notebook.cells.insert(1, _note(hint))
    return notebook


def _note(text: str) -> NotebookNode:
    title = t("阅读版", "Reading edition")
    return new_markdown_cell("\n".join([f"```{{admonition}} {title}", ":class: note", text, "```"]), id="for-reading")


def _fold_preparation(notebook: NotebookNode) -> None:
    """Put the code before the first section, which only prepares, into one cell that is folded."""
    cells = notebook.cells
    sections = (n for n, cell in enumerate(cells) if cell.cell_type == "markdown" and "## " in cell.source)
    silent = [c for c in cells[: next(sections, 0)] if c.cell_type == "code" and not c.outputs]
    if silent:
        silent[0].source = "\n\n".join(cell.source for cell in silent)
        silent[0].metadata["tags"] = ["hide-input"]
        notebook.cells = [cell for cell in cells if cell is silent[0] or cell not in silent]


def _say_what_is_still(cell: NotebookNode) -> None:
    """Under the still of a widget, where the live one is."""
    stills = [o for o in cell.outputs if _WIDGET.fullmatch(o.get("data", {}).get("text/plain", "")) and len(o.data) > 1]
    if {o.data["text/plain"] for o in stills} - {"Prediction"}:  # a prediction's still says so itself
        said = t("这是静态预览，能动的在 JupyterLab 里。", "A still picture; the live one runs in JupyterLab.")
        cell.outputs.append(new_output("display_data", {"text/html": f'<p class="live">{escape(said)}</p>'}))


def home(lessons: list[course.Lesson], decks: list[tuple[str, str]]) -> str:
    """The first page: what the course is, how to start, the lessons in order.

    decks: (title, address) of the decks that have been built.
    """
    course_title = t(course.load().title_zh, course.load().title_en)
    lead = t(
        "**在一台普通笔记本上，用真实的小模型看懂生成式 AI。** 不要 GPU，不要联网，中英双语。\n\n"
        "每一课从一个问题开始：先写下你的预测，再让真的模型跑一遍，看看结果，最后才解释。不会编程也能读。"
        "这个网站是运行好的课文，断网也能看；能动手的版本在 JupyterLab 里。",
        "**See how generative AI works, on real models small enough for your laptop.** Without a GPU, without the "
        "internet, in English and Chinese.\n\n"
        "A lesson begins with a question: you write down what you expect, a real model runs, you look, and only then "
        "comes the explanation. You need not program to follow. This site holds the lessons as they ran and works "
        "without a network; the version that you can run and change lives in JupyterLab.",
    )
    start = t(
        "## 怎么开始\n\n只想读：从[第一课]({first})开始，一课接一课往下看。"
        "想动手：装好 Python 3.11 到 3.13，在课程文件夹里运行：",
        "## How to start\n\nTo read: begin with [the first lesson]({first}) and go on from page to page. To run it: "
        "install Python 3.11 to 3.13 and, in the course's folder, type:",
    ).format(first=f"lessons/{lessons[0].notebook('').stem}.ipynb")
    rows = [f"# {course_title}", lead, start, f"```sh\n{START}\n```", t("## 课文", "## Lessons")]
    rows.append("\n".join(_line(entry) for entry in lessons))
    if decks:
        rows.append(t("## 幻灯片", "## Slides"))
        rows.append("\n".join(f'- <a href="{escape(address)}">{escape(title)}</a>' for title, address in decks))
    rows.append(t("## 术语", "## Words"))
    rows.append(
        t(
            "[术语表](glossary.md)：每个词的中英文、意思，和第一次讲到它的课。",
            "[The glossary](glossary.md): each term in both languages, what it means, and the lesson that uses it "
            "first.",
        )
    )
    numbered = "\n".join(f"{entry.number}. {entry.title} <lessons/{entry.notebook('').stem}>" for entry in lessons)
    labs = "\n".join(f"labs/{entry.slug}" for entry in lessons if "lab" in entry.parts)
    rows += [
        _tree(t("课文", "Lessons"), numbered),
        _tree(t("练习", "Labs"), labs),
        _tree(t("更多", "More"), "glossary"),
    ]
    return "\n\n".join(rows) + "\n"


def _line(entry: course.Lesson) -> str:
    minutes = t(f"约 {entry.minutes} 分钟", f"about {entry.minutes} minutes")
    lab = t(f" · [练习](labs/{entry.slug}.ipynb)", f" · [lab](labs/{entry.slug}.ipynb)") if "lab" in entry.parts else ""
    return f"{entry.number}. [{entry.title}](lessons/{entry.notebook('').stem}.ipynb) · {minutes}{lab}"


def _tree(caption: str, entries: str) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", entries, "```"])


def terms(lessons: list[course.Lesson]) -> str:
    """The glossary as a page, in the reader's order: by pinyin or by the alphabet."""
    lang = t("zh", "en")
    here = {entry.slug: entry for entry in lessons}
    rows = []
    for term in sorted(glossary.load().values(), key=lambda term: _order(getattr(term, lang))):
        definition = getattr(term, f"definition_{lang}")
        if entry := here.get(term.lesson):
            first = t("第一次用在", "First used in")
            definition += f"\n\n  {first} [{entry.number}. {entry.title}](lessons/{entry.notebook('').stem}.ipynb)" + t(
                "。", "."
            )
        rows.append(f"{glossary.both(term)}\n  {definition}\n")
    head = t(
        "# 术语表\n\n课程里的词，一个中文，一个英文，不换说法。",
        "# Glossary\n\nThe words of the course: one Chinese form and one English form for each.",
    )
    return f"{head}\n\n```{{glossary}}\n" + "\n".join(rows) + "```\n"


def _order(form: str) -> bytes:
    """A key that sorts Latin letters by the alphabet and common Chinese characters by their pinyin, as GB 2312 does."""
    return form.lower().encode("gb18030")


def deck_title(deck: slides.Deck, lang: str) -> str:
    """A deck's title in one language: the first heading of its source."""
    cell = next(cell for cell in slides.read(deck).cells if cell.lang == lang and "# " in cell.text)
    return cell.text.lstrip().partition("\n")[0].lstrip("# ")


def landing(titles: dict[str, str], marker: str) -> str:
    """The page above both languages."""
    says = {
        "zh": ("在一台普通笔记本上，用真实的小模型看懂生成式 AI。", "打开中文版"),
        "en": ("See how generative AI works, on real models small enough for your laptop.", "Open in English"),
    }
    parts = "".join(
        f'<section lang="{lang}"><h1>{escape(titles[lang])}</h1><p>{escape(said)}</p>'
        f'<a href="{lang}/index.html">{escape(button)}</a></section>'
        for lang, (said, button) in says.items()
        if lang in titles
    )
    return f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="{marker}">
<title>{escape(" · ".join(dict.fromkeys(titles.values())))}</title>
<link rel="icon" href="{next(iter(titles))}/_static/favicon.svg">
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; min-height: 100vh; display: flex; flex-wrap: wrap; place-content: center; align-items: stretch;
  gap: 2rem; font: 1.1rem/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }}
section {{ width: 20rem; max-width: 80vw; padding: 2rem; border: 1px solid #8886; border-radius: 0.8rem; }}
h1 {{ margin: 0; font-size: 1.8rem; }}
a {{ display: inline-block; padding: 0.5rem 1.2rem; border-radius: 0.5rem; color: #fff; background: #0072b2;
  text-decoration: none; }}
</style>
</head>
<body>{parts}</body>
</html>
"""


def built_decks(lang: str) -> list[tuple[str, Path]]:
    """(title, page) of each deck that `aigc slides` has made in one language."""
    pages = {one: course.root() / "slides" / lang / f"{one.name}.html" for one in slides.decks()}
    return [(deck_title(one, lang), page) for one, page in pages.items() if page.exists()]
