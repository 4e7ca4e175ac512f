"""The lecture's decks: their sources, the page that runs offline, and each slide as the last row sees it."""

import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from aigc_course import claims, cli, course, i18n, slide
from aigc_course.book import slide_page, slides, source
from aigc_course.errors import CourseError

HEAD = "---\nkernelspec: {display_name: Python 3, language: python, name: python3}\n---\n"
DECK = (
    HEAD
    + """
```{code-cell} ipython3
:tags: [parameters]
lang = "zh"
```

+++ {"tags": ["zh"], "name": "one"}

## 一页

几个字

+++ {"tags": ["en"], "name": "one"}

## A slide

A few words

```{code-cell} ipython3
:name: two
:tags: [show]
from aigc_course.i18n import set_lang, t
set_lang(lang)
print(t("七", "seven"))
```

```{code-cell} ipython3
:name: three
:tags: [fragment]
print(t("八", "eight"))
```

+++ {"tags": ["zh", "notes"], "name": "one-notes"}

**1 分半**

问大家。

+++ {"tags": ["en", "notes"], "name": "one-notes"}

**1½ minutes**

Ask them.
"""
)


@pytest.fixture
def deck(tmp_path):
    """A deck of one slide, stamped."""
    path = tmp_path / "03_tiny.md"
    path.write_text(DECK, encoding="utf-8")
    one = slides.Deck(3, "tiny", path)
    source.accept(slides.read(one))
    return one


# --- sources -----------------------------------------------------------------------------------------------------


def test_the_committed_decks_are_whole():
    found = slides.decks()
    assert [one.number for one in found] == [1, 2, 3, 4], "the lecture's four parts"
    assert slides.check() == []
    sizes = [float(size) for one in found for size in re.findall(r"fontsize=([\d.]+)", one.path.read_text("utf-8"))]
    assert min(sizes) >= 11, "24 px at slide.DPI"
    assert [sum(slides.minutes(one, lang) for one in found) for lang in i18n.LANGS] == [90, 90]
    for one in found:
        for lang in i18n.LANGS:
            cells = slides.edition(slides.read(one), lang).cells
            kinds = [slide_page.slide_type(cell) for cell in cells]
            assert 20 <= kinds.count("slide") <= 35
            assert any("live" in cell.metadata.get("tags", []) for cell in cells), "a live experiment in every part"
            assert any("cite(" in cell.source for cell in cells), "facts have their sources"


def test_a_slide_without_notes_or_with_a_stale_half_is_named(deck):
    text = deck.path.read_text(encoding="utf-8")
    assert slides.problems(deck) == [] and [slides.minutes(deck, lang) for lang in i18n.LANGS] == [1.5, 1.5]
    deck.path.write_text(text.replace("几个字", "另外几个字"), encoding="utf-8")
    assert any("aigc slides --accept tiny" in problem for problem in slides.problems(deck))
    deck.path.write_text(text[: text.index("+++ " + '{"tags": ["zh", "notes"]')], encoding="utf-8")
    assert sum("no notes" in problem for problem in slides.problems(deck)) == 2
    deck.path.write_text(text.replace("**1 分半**", "**五分半**"), encoding="utf-8")
    assert any("how long this slide takes" in problem for problem in slides.problems(deck))
    deck.path.write_text(text.replace("## A slide", "A slide").replace("## 一页", "一页"), encoding="utf-8")
    assert any("begins with a heading" in problem for problem in slides.problems(deck))


def test_decks_are_found_by_number_and_slug_and_unknown_ones_refused():
    one = slides.decks()[0]
    assert slides.deck(one.slug) == slides.deck(str(one.number)) == one
    result = CliRunner().invoke(cli.main, ["slides", "nonsense"])
    assert result.exit_code == 2 and "no deck" in result.stderr and one.slug in result.stderr


def test_a_folder_that_cannot_be_written_is_said_before_the_work(monkeypatch):
    monkeypatch.setattr(slides, "executed", lambda one, langs: pytest.fail("has begun"))
    result = CliRunner().invoke(cli.main, ["slides", "1", "--to", "/proc/nowhere"])
    assert result.exit_code == 2 and "choose another folder with --to" in result.stderr


def test_the_source_line_refuses_an_unknown_claim(capsys):
    known = next(iter(claims.load()))
    slide.cite(known)
    assert capsys.readouterr().out
    with pytest.raises(CourseError, match="no-such-claim"):
        slide.cite("no-such-claim")
    with pytest.raises(CourseError, match="part 9"):
        slide.begin(9, "en")


def test_a_quoted_number_stands_in_its_claim(capsys):
    assert slide.quoted("rl-r1-zero-aime", 15.6, 71.0) == (15.6, 71.0)
    assert "Source: DeepSeek-AI" in capsys.readouterr().out
    with pytest.raises(CourseError, match=r"does not say 15\.7"):
        slide.quoted("rl-r1-zero-aime", 15.7)


def test_what_depends_on_no_language_is_computed_once_for_a_deck(monkeypatch):
    numbers = iter(range(9))
    monkeypatch.setattr(slide, "_kept", {})
    monkeypatch.delenv("AIGC_BRIEF", raising=False)
    assert [slide.once("a", lambda: next(numbers)) for _ in range(2)] == [0, 1], "live: computed each time"
    monkeypatch.setenv("AIGC_BRIEF", "1")
    assert [slide.once(name, lambda: next(numbers)) for name in ("a", "a", "b")] == [2, 2, 3]


# --- the page ----------------------------------------------------------------------------------------------------


def test_reveal_js_comes_from_a_package_with_its_licence_and_none_of_it_is_committed(tmp_path, monkeypatch):
    parts = slide_page.reveal()
    assert "Hakim El Hattab" in parts["LICENSE"] and "reveal.js" in parts["dist/reveal.js"][:200]
    tracked = subprocess.run(["git", "ls-files"], cwd=course.root(), capture_output=True, text=True).stdout
    assert not re.search(r"reveal\.(js|css)$", tracked, re.M)
    monkeypatch.setattr(slide_page, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"\[slides\]"):
        slide_page.reveal()


def test_a_letter_that_the_font_lacks_stops_the_build():
    assert slide_page.letters("模型 a")[:4] == b"wOFF"
    with pytest.raises(CourseError, match=r"U\+13000"):
        slide_page.letters("a\U00013000")
    with pytest.raises(CourseError, match=r"U\+13000"):
        slide_page.page("A deck", "en", [slide_page.Slide("<h2>a \U00013000</h2>")])
    assert "U+2717" in slide_page.page("A deck", "en", [slide_page.Slide("<h2>✗</h2>")])


def test_an_end_tag_inside_a_script_does_not_end_it():
    assert all("</script" not in text for part, text in slide_page.reveal().items() if part.endswith(".js"))


def test_the_tiny_deck_becomes_a_page_and_a_live_notebook(deck, tmp_path):
    page, live = slides.make(deck, ["zh", "en"], tmp_path / "out")[2:]
    html = page.read_text(encoding="utf-8")
    assert "A slide" in html and "seven" in html and "<p>Ask them.</p>" in html
    assert "print(t(" in html and "几个字" not in html and "set_lang" in html
    assert "MIT" not in html[:200] and "Permission is hereby granted" in html
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?(https?:)?//", html)
    notebook = nbformat.read(live, as_version=4)
    kinds = [slide_page.slide_type(cell) for cell in notebook.cells]
    assert kinds == ["skip", "slide", "", "fragment", "notes"]
    assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3]
    other = (tmp_path / "out" / "zh" / page.name).read_text(encoding="utf-8")
    assert "几个字" in other and "七" in other and "A few words" not in other
    assert i18n.get_lang() == "en"


def test_a_pdf_without_a_browser_is_one_sentence_before_any_work(deck, tmp_path, monkeypatch):
    monkeypatch.setattr(slides.shutil, "which", lambda name: None)
    monkeypatch.setattr(slides, "MAC", tmp_path / "none")
    with pytest.raises(CourseError, match="Chromium"):
        slides.make(deck, ["en"], tmp_path / "out", pdf=True)
    assert not (tmp_path / "out").exists()


# --- what the last row sees --------------------------------------------------------------------------------------

# Every slide in turn, as it stands on the screen: what overflows, overlaps, or is too small to read. Sizes in px at
# 1280 × 720. One call for a deck: to ask the browser slide by slide takes several times as long.
LOOK = """async () => {
 const every = [];
 for (let number = 0; number < Reveal.getTotalSlides(); number++) {
  Reveal.slide(number);
  await document.fonts.ready;  // a face comes when its first letter is shown
  const slide = Reveal.getCurrentSlide().querySelector('.slide'), found = [];
  const outer = slide.getBoundingClientRect();
  if (slide.scrollHeight > 720 || slide.scrollWidth > 1280)
    found.push(`overflows: ${slide.scrollWidth} × ${slide.scrollHeight}`);
  const blocks = [...slide.querySelectorAll('h1, h2, p, li, blockquote, pre, table, img, svg, .boxes, .lines, .big')]
    .filter(e => !e.parentElement.closest('li, blockquote, pre, table, svg, .boxes, .lines, .big'));
  const named = e => `${e.tagName.toLowerCase()} “${(e.textContent || '').trim().slice(0, 30)}”`;
  const numbers = document.querySelector('.slide-number a');
  const rects = [...blocks, numbers].map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width && r.height);
  const leaves = r => r.left < outer.left - 1 || r.right > outer.right + 1 || r.top < outer.top - 1
    || r.bottom > outer.bottom + 1;
  for (const [e, r] of rects) if (leaves(r)) found.push(`leaves the slide: ${named(e)}`);
  rects.forEach(([a, p], i) => rects.slice(i + 1).forEach(([b, q]) => {
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (w > 2 && h > 2) found.push(`overlap: ${named(a)} and ${named(b)}`);
  }));
  const scale = (svg) => {
    const r = svg.getBoundingClientRect(), box = svg.viewBox.baseVal;
    return box.width ? Math.min(r.width / box.width, r.height / box.height) : 1;
  };
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || e.closest('title, desc, style')) continue;
    const svg = e.closest('svg');
    const zoom = svg ? scale(svg) : 1;
    const size = parseFloat(getComputedStyle(e).fontSize) * zoom;
    const least = e.closest('.source') ? 15 : svg ? 14 : 23.5;
    if (size < least) found.push(`${size.toFixed(1)} px: “${node.textContent.trim().slice(0, 30)}”`);
    if (!document.fonts.check(`28px "AIGC Deck"`)) found.push('the letters are not there');
  }
  for (const image of slide.querySelectorAll('img')) {
    const meant = image.getAttribute('width') || image.naturalWidth;
    if (!image.complete || !image.naturalWidth) found.push('a picture is broken');
    if (image.getBoundingClientRect().width < 0.97 * meant) found.push('a picture is scaled down: its letters shrink');
  }
  every.push(...found.map(problem => `slide ${number + 1}: ${problem}`));
 }
 return every;
}"""


def look(chrome, page_file: Path, shots: Path | None = None) -> list[str]:
    """What is wrong with the slides of a built page, one sentence each; `shots`: a folder for a picture of each."""
    from browser import Watch

    watch = Watch()
    page = chrome.new_page(viewport={"width": 1280, "height": 720})
    watch.attach(page)
    page.goto(page_file.resolve().as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    found = page.evaluate(LOOK)
    for number in range(page.evaluate("Reveal.getTotalSlides()") if shots else 0):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")  # with all that comes later
        page.screenshot(path=str(shots / f"{page_file.stem}_{number + 1:02d}.png"))
    page.close()
    asked = [url for url in watch.outside if not url.startswith("file:")]
    return found + watch.errors + watch.failed + [f"asks for {url}" for url in asked]


def written(tmp_path: Path, *bodies: str) -> Path:
    """A page with slides of these bodies."""
    made = [slide_page.Slide("<h2>A slide</h2>", [("words", body)]) for body in bodies]
    path = tmp_path / "page.html"
    path.write_text(slide_page.page("A deck", "en", made), encoding="utf-8")
    return path


@pytest.mark.browser
def test_the_look_finds_what_is_wrong(chrome, tmp_path):
    full = "<p>word</p>" * 20
    over = '<p style="position: absolute; top: 60px">one on the title</p>'
    small = '<p style="font-size: 18px">small</p>'
    wide = '<pre style="white-space: pre">' + "wide " * 60 + "</pre>"
    remote = '<img src="http://example.com/x.png">'
    found = look(chrome, written(tmp_path, "<p>fine</p>", full, over, small, wide, remote))
    said = {number: [p for p in found if p.startswith(f"slide {number}:")] for number in range(1, 7)}
    assert not said[1]
    assert any("overflows" in p for p in said[2])
    assert any("overlap" in p for p in said[3])
    assert any("18.0 px" in p for p in said[4])
    assert any("leaves" in p or "overflows" in p for p in said[5])
    assert any("asks for http://example.com/x.png" in p for p in found)


@pytest.mark.browser
def test_what_is_to_be_guessed_comes_at_the_next_key_and_is_printed(chrome, deck, tmp_path):
    page_file, live = slides.make(deck, ["en"], tmp_path / "out")
    page = chrome.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    shown, later = page.locator("pre", has_text="seven").last, page.locator("pre", has_text="eight").last
    assert shown.is_visible() and not later.is_visible()
    page.keyboard.press("ArrowRight")
    later.wait_for(timeout=5_000)
    assert page.evaluate("Reveal.isLastSlide()")
    page.set_content(slide_page.page("A deck", "en", slide_page.slides(nbformat.read(live, 4)), printed=True))
    assert later.is_visible()
    page.close()


@pytest.mark.browser
def test_the_speakers_window_shows_the_notes(chrome, tmp_path):
    path = tmp_path / "page.html"
    slide = slide_page.Slide("<h2>A slide</h2>", notes=["<p>Ask them.</p>"])
    path.write_text(slide_page.page("A deck", "en", [slide]), encoding="utf-8")
    page = chrome.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    opened.value.get_by_text("Ask them.").wait_for(timeout=20_000)
    opened.value.close()
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("one", slides.decks(), ids=lambda one: one.slug)
def test_every_slide_can_be_read_from_the_last_row(chrome, tmp_path, one):
    made = slides.made_for([one.slug], list(i18n.LANGS), tmp_path)
    for page, _ in (made[:2], made[2:]):
        assert page.stat().st_size < 6_000_000
        assert look(chrome, page) == []
    # both languages printed as one: the printer's start is most of its time
    both = [s for _, live in (made[:2], made[2:]) for s in slide_page.slides(nbformat.read(live, as_version=4))]
    html = slide_page.page("A deck", "zh", both, printed=True)
    pdf = slides.print_pdf(html, tmp_path / "both.pdf", slides.find_browser(), len(both)).read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(both)
    assert set(re.findall(rb"/MediaBox \[([^]]*)\]", pdf)) == {b"0 0 960 540"}, "1280 × 720 in points"


@pytest.mark.browser
def test_pdf_asked_for_is_printed(chrome, deck, tmp_path):
    made = slides.make(deck, ["en"], tmp_path / "out", pdf=True)
    assert [path.suffix for path in made] == [".html", ".ipynb", ".pdf"]
    assert made[2].read_bytes().startswith(b"%PDF")


@pytest.mark.browser
def test_in_jupyterlabs_deck_mode_the_widget_is_alive(chrome, tmp_path):
    """The live slide of part 3, presented: a press on a candidate writes it; nothing is asked of another machine."""
    from browser import Watch, jupyterlab

    notebook = slides.edition(slides.read(slides.deck("3")), "en")
    needed = ("inside-code-1", "inside-setup", "inside-imports", "inside-live-wheel", "inside-wheel", "inside-ask-ten")
    notebook.cells = [cell for cell in notebook.cells if cell.id in needed]
    nbformat.write(notebook, tmp_path / "deck.ipynb")
    with jupyterlab(tmp_path) as lab:
        watch = Watch()
        page = lab.open(chrome, "deck.ipynb", watch, height=720)
        wheel = page.locator(".aigc.wheel")
        wheel.wait_for()
        page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4")
        page.evaluate("window.jupyterapp.commands.execute('deck:start')")
        page.wait_for_function("document.body.dataset.jpDeckMode === 'presenting'")
        before = wheel.locator(".chip").count()
        wheel.locator("button.candidate").first.click()
        page.wait_for_function(f"document.querySelectorAll('.aigc.wheel .chip').length === {before + 1}")
        assert not page.locator("h2", has_text="3　").is_visible(), "the next slide waits"
        page.close()
    assert not (watch.outside or watch.errors or watch.failed)
