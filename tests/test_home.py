"""The course home in a real JupyterLab: what survives its sanitizer, and where the links lead."""

from pathlib import Path

import nbformat
import pytest
from browser import Watch, jupyterlab

from aigc_course import course, home, i18n, progress

pytestmark = pytest.mark.browser

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def untrusted(folder: Path, lang: str) -> Path:
    """The home as JupyterLab meets it on a machine that never signed it."""
    i18n.set_lang(lang)
    output = nbformat.v4.new_output("display_data", {"text/html": home.page()})
    cell = nbformat.v4.new_code_cell("", outputs=[output], id="home")
    path = folder / f"home_{lang}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=KERNEL), path)
    for lesson in course.load().lessons:
        target = folder / lesson.notebook(lang).relative_to(course.root())
        target.parent.mkdir(parents=True, exist_ok=True)
        title = nbformat.v4.new_markdown_cell(f"# {lesson.slug}")
        nbformat.write(nbformat.v4.new_notebook(cells=[title], metadata=KERNEL), target)
    return path


def test_the_home_is_whole_untrusted_and_its_links_open_lessons(tmp_path, chrome):
    for id in ("sampling.p1", "sampling.p2", "start.p1"):
        progress.save_prediction(id, 1)
    progress.save_check("sampling.q1", True)
    paths = {lang: untrusted(tmp_path, lang) for lang in i18n.LANGS}
    with jupyterlab(tmp_path) as lab:
        # the switch opens the other language's home, and a lesson is opened from there
        for lang, bar, switch, other, button in (
            ("zh", "练习 1/", "English", "en", "Open the lesson"),
            ("en", "Lab 1/", "中文", "zh", "打开课文"),
        ):
            path, watch = paths[lang], Watch()
            i18n.set_lang(lang)
            page = chrome.new_page(viewport={"width": 1280, "height": 900})
            watch.attach(page)
            page.goto(f"{lab.url}/lab/tree/{path.name}")
            shown = page.locator(f".jp-OutputArea-output div[lang={lang}]")
            shown.wait_for(timeout=60_000)
            assert shown.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(245, 247, 250)"
            assert bar in shown.inner_text()
            for lesson in course.load().lessons:
                assert lesson.title in shown.inner_text()
            widths = shown.evaluate("e => [e.scrollWidth, e.clientWidth]")
            assert widths[0] <= widths[1], "nothing sticks out"
            page.screenshot(path=tmp_path / f"home_{lang}.png")
            shown.get_by_role("link", name=switch).click()
            switched = page.locator(f".jp-OutputArea-output div[lang={other}]")
            switched.get_by_role("link", name=button).first.click()
            page.get_by_role("heading", name="start").wait_for(timeout=60_000)
            assert (watch.outside, watch.failed, watch.errors) == ([], [], [])
            page.close()
