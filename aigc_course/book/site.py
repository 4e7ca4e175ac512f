"""`aigc site`: lessons, labs, decks and glossary as a website in both languages that runs from a USB stick.

Sphinx makes it, with MyST-NB for the notebooks and the theme Furo. Chosen of three on 2026-11-26: Jupyter Book 2 needs
Node to build; Material for MkDocs is in maintenance mode (its issue 8523) and searches Chinese with the dictionary of
jieba, unchanged since 2020; Sphinx came with the decks already and takes a search language of our own.
"""

import io
import re
import shutil
import tempfile
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import nbformat

from aigc_course import course, i18n
from aigc_course.book import site_pages
from aigc_course.book.lint import remote_url
from aigc_course.book.run import read_built
from aigc_course.book.source import display_path
from aigc_course.errors import CourseError
from aigc_course.files import replace_folder, writing
from aigc_course.i18n import LANGS

HERE = Path(__file__).parent
NEEDED = ("sphinx", "myst_nb", "furo", "latex2mathml")
MARK = "aigc site"  # in the first page: this folder is ours to replace
# what the theme says and Sphinx's catalogue lacks
SAID_ZH = {
    "Home": "首页",
    "Next": "下一页",
    "Previous": "上一页",
    "On this page": "本页内容",
    "Back to top": "回到顶部",
    "Skip to content": "跳到正文",
    "Made with ": "网站主题：",
}


def build(out: Path | None = None, slugs: list[str] | None = None) -> Path:
    """Build the site into `out` (site/ of the course without it) and return its first page.

    slugs: only these lessons. CourseError where a notebook has not been built, a package is missing, `out` holds
    something else, or Sphinx has a complaint; what stood in `out` before then stays.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise CourseError(
            f'缺少 {"、".join(missing)}：请运行 pip install -c constraints.txt -e ".[site]"。',
            f'{", ".join(missing)} missing: run pip install -c constraints.txt -e ".[site]".',
        )
    lessons = [course.lesson(slug) for slug in slugs] if slugs else list(course.load().lessons)
    out = out or course.root() / "site"
    _refuse_foreign(out)
    spoken = i18n.get_lang()
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch, "site")
        try:
            for lang in LANGS:
                i18n.set_lang(lang)
                write_sources(Path(scratch, "src", lang), lessons, lang)
                # MyST-NB leaves the notebooks beside the pages' folder
                pages = Path(scratch, "out", lang, "html")
                _sphinx(Path(scratch, "src", lang), pages, Path(scratch, "doctrees", lang), lang)
                shutil.move(pages, made / lang)
        finally:
            i18n.set_lang(spoken)
        titles = {"zh": course.load().title_zh, "en": course.load().title_en}
        (made / "index.html").write_text(site_pages.landing(titles, MARK), encoding="utf-8")
        _refuse_remote(made)
        with writing(out, "--out"):
            replace_folder(made, out)
    return out / "index.html"


def _refuse_foreign(out: Path) -> None:
    """CourseError where `out` is a file, or a folder with anything but a site of ours."""
    if out.is_dir() and not any(out.iterdir()):
        return
    first = out / "index.html"
    if out.exists() and not (first.is_file() and MARK in first.read_text(encoding="utf-8", errors="replace")):
        raise CourseError(
            f"{out} 里有别的东西，不能覆盖：请用 --out 换一个空文件夹。",
            f"{out} holds something else and is not overwritten: name an empty folder with --out.",
        )


def write_sources(folder: Path, lessons: list[course.Lesson], lang: str) -> None:
    """Write what Sphinx reads in one language, which is the current one."""
    for part in ("lessons", "labs", "extra/slides", "locale/zh_CN/LC_MESSAGES"):
        (folder / part).mkdir(parents=True)
    for entry in lessons:
        path = entry.notebook(lang)
        notebook = site_pages.lesson(_read(path), entry, display_path(path))
        (folder / "lessons" / path.name).write_text(nbformat.writes(notebook), encoding="utf-8")
        if "lab" in entry.parts:
            path = entry.lab(lang)
            notebook = site_pages.lab(_read(path), entry, display_path(path))
            (folder / "labs" / path.name).write_text(nbformat.writes(notebook), encoding="utf-8")
    decks = site_pages.built_decks(lang)
    for _, page in decks:
        shutil.copy(page, folder / "extra" / "slides")
    addresses = [(title, f"slides/{page.name}") for title, page in decks]
    (folder / "index.md").write_text(site_pages.home(lessons, addresses), encoding="utf-8")
    (folder / "glossary.md").write_text(site_pages.terms(lessons), encoding="utf-8")
    _write_catalogue(folder / "locale" / "zh_CN" / "LC_MESSAGES" / "sphinx.mo")


def _read(path: Path) -> nbformat.NotebookNode:
    notebook = read_built(path)
    if notebook is None:
        raise CourseError(
            f"还没有 {display_path(path)}：请先运行 aigc build。",
            f"There is no {display_path(path)} yet: run aigc build first.",
        )
    return notebook


def _write_catalogue(path: Path) -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalogue = Catalog(locale="zh_CN")
    for english, chinese in SAID_ZH.items():
        catalogue.add(english, chinese)
    with path.open("wb") as file:
        write_mo(file, catalogue)


def _settings(source: Path, lang: str) -> dict:
    from aigc_course.book.site_sphinx import LOCALES

    colour = {"color-brand-primary": "#0072b2", "color-brand-content": "#0072b2"}
    pale = {"color-brand-primary": "#56b4e9", "color-brand-content": "#56b4e9"}
    return {
        "project": i18n.t(course.load().title_zh, course.load().title_en),
        "html_title": i18n.t(course.load().title_zh, course.load().title_en),
        "language": LOCALES[lang],
        "locale_dirs": [str(source / "locale")],
        "extensions": ["myst_nb", "aigc_course.book.site_sphinx"],
        "exclude_patterns": ["extra", "locale"],
        "nb_execution_mode": "off",
        "nb_render_markdown_format": "myst",  # for what code says as Markdown: CommonMark has no tables
        "nb_code_prompt_show": i18n.t("显示代码", "Show the code"),
        "nb_code_prompt_hide": i18n.t("收起代码", "Hide the code"),
        "myst_enable_extensions": ["dollarmath", "deflist"],
        "myst_dmath_double_inline": True,
        # what MyST adds to Markdown and JupyterLab does not know must not change a lesson's text
        "myst_disable_syntax": ["myst_role", "myst_line_comment", "myst_target"],
        "myst_update_mathjax": False,
        "html_math_renderer": "mathml",
        "smartquotes": False,
        "suppress_warnings": ["misc.highlighting_failure"],  # a lab may leave a gap such as … in its code
        "html_theme": "furo",
        "html_theme_options": {"light_css_variables": colour, "dark_css_variables": pale},
        "html_static_path": [str(HERE / "site_static")],
        "templates_path": [str(HERE / "site_templates")],
        "html_extra_path": [str(source / "extra")],
        "html_css_files": ["site.css"],
        "html_favicon": str(HERE / "site_static" / "favicon.svg"),
        "html_search_language": "zh",  # ours, for both: English pages name terms in Chinese, too
        "html_show_search_summary": False,  # search.js does it without fetching pages
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_show_sphinx": False,
        "html_use_index": False,
    }


def _sphinx(source: Path, made: Path, doctrees: Path, lang: str) -> None:
    """Run Sphinx; CourseError with all its warnings, such as a link to a page that is not there."""
    from sphinx import locale
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    locale.translators.clear()  # or the second language would speak the first
    warnings = io.StringIO()
    with patch_docutils(None), docutils_namespace(), redirect_stdout(io.StringIO()):
        app = Sphinx(source, None, made, doctrees, "html", _settings(source, lang), status=None, warning=warnings)
        app.build()
    if found := re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).replace(f"{source}/", "").strip():
        raise CourseError(f"网站没有做成（{lang}）：\n{found}", f"The site could not be made ({lang}):\n{found}")


def _refuse_remote(made: Path) -> None:
    """CourseError where a page, style or script would load something from another machine."""
    for path in sorted(p for p in made.rglob("*") if p.suffix in (".html", ".css", ".js") and "slides" not in p.parts):
        if found := remote_url(path.read_text(encoding="utf-8")):
            where = path.relative_to(made).as_posix()
            raise CourseError(f"{where} 会从别处加载 {found}。", f"{where} would load {found} from elsewhere.")
