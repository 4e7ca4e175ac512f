"""What must not reach a learner: missing parts, wrong terms, remote scripts, broken characters, errors, heavy files."""

import ast
import re
from pathlib import Path

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from aigc_course import course, glossary, learn
from aigc_course.book.source import Cell, Source, complaint, display_path
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS

MAX_BYTES = 400_000
MARKDOWN = MarkdownIt("commonmark").enable("table")  # what the decks are rendered with, too
_REMOTE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["']?\s*(?:https?:)?//   # in a page
    | @import\s+(?:url\()?["']?\s*(?:https?:)?//                                        # in a style
    | url\(\s*["']?\s*(?:https?:)?//
    | \b(?:import|from)\s*\(?\s*["'](?:https?:)?//                                      # in a script
    | \bfetch\(\s*["'`](?:https?:)?//""",
    re.VERBOSE | re.IGNORECASE,
)


def remote_url(text: str) -> str | None:
    """The first place where a page, style or script would load something from another machine."""
    match = _REMOTE.search(text)
    return " ".join(match[0].split()) if match else None


def sibling_problems(lesson: course.Lesson) -> list[str]:
    """The parts that course.toml promises for a lesson and that are not there."""
    package, slug = Path(course.__file__).parent, lesson.slug
    wanted = {"source": [lesson.source], **{lang: [lesson.notebook(lang)] for lang in LANGS}}
    by_part = {
        "module": [package / f"{slug}.py"],
        "widget": [package / "widgets" / f"{slug}.py", package / "widgets" / f"{slug}.js"],
        "lab": [package / "checks" / f"{slug}.py", lesson.lab_source, *(lesson.lab(lang) for lang in LANGS)],
        "quiz": [package / "quiz" / f"{slug}.toml"],
    }
    found = [
        complaint("course.toml", slug, f"没有“{part}”这种部分。", f"there is no such part as “{part}”.")
        for part in lesson.parts
        if part not in course.PARTS
    ]
    for part in lesson.parts:
        wanted[part] = by_part.get(part, [])
    found += [
        complaint("course.toml", slug, f"缺少 {display_path(path)}。", f"{display_path(path)} is missing.")
        for paths in wanted.values()
        for path in paths
        if not path.exists()
    ]
    return found + [
        complaint("course.toml", slug, f"没有“{name}”这个模型。", f"there is no model “{name}”.")
        for name in lesson.models
        if name not in course.load().models
    ]


def quiz_problems(lesson: course.Lesson) -> list[str]:
    """What is wrong with a lesson's self-check questions, where they are there."""
    path = learn.quiz_path(lesson.slug)
    try:
        if "quiz" in lesson.parts and path.exists():
            learn.read_quiz(path)
    except CourseError as error:
        return [str(error)]
    return []


def source_problems(source: Source) -> list[str]:
    """Terms that break the glossary, remote scripts, broken characters in a source's cells."""
    found = []
    for cell in source.cells:
        for lang in [cell.lang] if cell.lang else LANGS:
            found += [complaint(source.where, cell.name, p, p) for p in glossary.lint(lang, _words(cell, lang))]
        found += _text_problems(source.where, cell.name, cell.text)
        if cell.kind == "markdown":
            found += [
                complaint(
                    source.where,
                    cell.name,
                    f"“{near}”里的星号会原样显示：句号放到 ** 外面。",
                    f"the stars of “{near}” would be shown as they are: put the full stop outside of **.",
                )
                for near in bare_stars(cell.text)
            ]
        else:
            found += [
                complaint(
                    source.where,
                    cell.name,
                    f"第 {line} 行的表不是最后一句，不会显示：写成 display(…)。",
                    f"the table of line {line} is not the last statement and is not shown: write display(…).",
                )
                for line in unseen_tables(cell.text)
            ]
    return found


def bare_stars(text: str) -> list[str]:
    """Where ** is no emphasis to Markdown: after a punctuation mark it only ends it if no letter follows."""
    parts = [part for token in MARKDOWN.parse(text) for part in token.children or [] if part.type == "text"]
    return [part.content[-60:] for part in parts if "**" in part.content]


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError:  # a cell magic; running the notebook says whether it is right
        return ast.Module([], [])


def unseen_tables(code: str) -> list[int]:
    """The lines of pd.DataFrame(…) whose table is neither named nor shown: Jupyter shows a cell's last value only."""
    made = [n.value for n in _parsed(code).body[:-1] if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)]
    return [call.lineno for call in made if any(getattr(n, "attr", "") == "DataFrame" for n in ast.walk(call.func))]


def labels(lang: str, code: str) -> str:
    """The texts of one language in the t("中文", "English") calls of some code, a line each."""
    calls = [
        n
        for n in ast.walk(_parsed(code))
        if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "t" and len(n.args) == 2
    ]
    halves = [call.args[LANGS.index(lang)] for call in calls]
    return "\n".join(
        "".join(n.value for n in ast.walk(half) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        for half in halves
    )


def _words(cell: Cell, lang: str) -> str:
    """What a learner reads of a cell in one language."""
    return cell.text if cell.kind == "markdown" else labels(lang, cell.text)


def _text_problems(where: str, cell: str, text: str) -> list[str]:
    found = []
    if url := remote_url(text):
        found.append(
            complaint(
                where,
                cell,
                f"从别的机器加载内容（{url}），请改为随课件附带。",
                f"loads from another machine ({url}): ship it instead.",
            )
        )
    if "\ufffd" in text:
        found.append(complaint(where, cell, "出现了替换字符 U+FFFD。", "shows the replacement character U+FFFD."))
    return found


def notebook_problems(path: Path, notebook: NotebookNode) -> list[str]:
    """What is wrong with a built notebook: errors, warnings shown, broken characters, remote scripts, size."""
    where, found = display_path(path), []
    if path.stat().st_size > MAX_BYTES:
        size = f"{path.stat().st_size // 1000} KB"
        found.append(
            complaint(
                where,
                "",
                f"有 {size}，上限是 {MAX_BYTES // 1000} KB，请缩小图片或输出。",
                f"is {size}; the limit is {MAX_BYTES // 1000} KB: shrink a figure or an output.",
            )
        )
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(complaint(where, cell.id, f"出错：{output.evalue}", f"shows an error: {output.evalue}"))
            elif output.output_type == "stream" and output.name == "stderr":
                first = output.text.strip().partition("\n")[0][:120]
                found.append(complaint(where, cell.id, f"有警告输出：{first}", f"shows a warning: {first}"))
            text = output.get("text", "") + "".join(
                value for kind, value in output.get("data", {}).items() if not kind.startswith("image/png")
            )
            found += _text_problems(where, cell.id, text)
    return found


def asset_problems() -> list[str]:
    """Widgets' scripts and styles that would load from another machine."""
    folder = Path(course.__file__).parent / "widgets"
    files = sorted(path for pattern in ("*.js", "*.css") for path in folder.glob(pattern))
    return [p for path in files for p in _text_problems(display_path(path), "", path.read_text(encoding="utf-8"))]
