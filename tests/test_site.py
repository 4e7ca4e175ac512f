"""The course's website, built of three lessons: its links, its search, and what a browser makes of it from a disk."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from click.testing import CliRunner

from aigc_course import cli, course, glossary, i18n
from aigc_course.book import editions, site, site_pages, slides
from aigc_course.errors import CourseError

SLUGS = ["start", "sampling", "limits"]
# Sphinx 11 will drop what MyST-Parser 5.2 still uses
pytestmark = pytest.mark.filterwarnings(
    "ignore:'myst_(parser|nb):DeprecationWarning", "ignore:'myst_(parser|nb):PendingDeprecationWarning"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stick")
    deck, to = folder / "03_inside.html", folder / "site"
    deck.write_text("<!doctype html><title>A deck</title>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_pages, "built_decks", lambda lang: [("How it works inside", deck)])
        assert site.build(to, SLUGS) == to / "index.html"
    return to


class Page(HTMLParser):
    """What a page links to or loads, the ids in it, and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.alts, self.ids, self.text = [], [], set(), ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := attrs.get(name))]
        self.ids.add(attrs.get("id"))
        if tag == "img":
            self.alts.append(attrs.get("alt", ""))

    def handle_data(self, data):
        self.text += data


def pages(folder: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(folder.rglob("*.html"))}


# --- without a browser -------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_page_and_a_place_that_are_there(built):
    found, followed = pages(built), 0
    for path, page in found.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(link).scheme in ("http", "https", "data"):
                continue
            target = (path.parent / unquote(urlsplit(address).path)).resolve() if address else path
            assert target.exists(), (path, link)
            if anchor and target.suffix == ".html" and target in found:
                assert unquote(anchor) in found[target].ids, (path, link)
            followed += 1
    assert followed > 500


def test_each_page_has_its_twin_and_the_lessons_their_order(built):
    zh, en = ({p.relative_to(built / lang) for p in (built / lang).rglob("*.html")} for lang in i18n.LANGS)
    assert zh == en and Path("labs/sampling.html") in zh
    for path in sorted(zh - {Path("slides/03_inside.html")}):
        up = "../" * (len(path.parts))
        assert f"{up}en/{path.as_posix()}" in Page(built / "zh" / path).links, path
    home = Page(built / "zh" / "index.html")
    assert "make lab" in home.text and "slides/03_inside.html" in home.links
    numbers = [course.lesson(slug).notebook("zh").stem for slug in SLUGS]
    assert list(dict.fromkeys(link[8:-5] for link in home.links if link.startswith("lessons/"))) == numbers


def test_labs_hold_the_questions_and_no_solution(built):
    text = Page(built / "en" / "labs" / "sampling.html").text
    assert text.count("raise NotImplementedError()") >= 3
    source = course.lesson("sampling").lab_source.read_text(encoding="utf-8")
    solutions = [match["body"] for match in editions._SOLUTION.finditer(source)]
    lines = {line.strip() for body in solutions for line in body.splitlines() if len(line.strip()) > 25}
    squeezed = re.sub(r"\s+", "", text)
    assert len(lines) > 10
    # a line that the question itself shows is no secret
    shown = re.sub(r"\s+", "", editions._SOLUTION.sub("", source))
    assert [line for line in lines if (bare := re.sub(r"\s+", "", line)) in squeezed and bare not in shown] == []


def test_the_glossary_names_the_lesson_of_each_term(built):
    page = Page(built / "en" / "glossary.html")
    assert all(term.en in page.text for term in glossary.load().values())
    assert page.text.count("First used in 3. ") == sum(t.lesson == "sampling" for t in glossary.load().values())
    assert sorted(["注意力", "softmax", "温度", "BPE", "采样"], key=site_pages._order) == [
        "BPE", "softmax", "采样", "温度", "注意力",
    ]  # fmt: skip


def test_widgets_say_that_they_are_stills_and_predictions_say_so_themselves(built):
    lesson = (built / "en" / "lessons" / "01_start.html").read_text(encoding="utf-8")
    assert lesson.count('class="live"') == 1 and "the live one runs in JupyterLab" in lesson
    alts = [alt for page in pages(built / "en" / "lessons").values() for alt in page.alts]
    assert len(alts) > 3 and set(alts) == {"what the code above draws"}


def test_a_table_that_code_wrote_as_markdown_is_a_table(built):
    for path, page in pages(built).items():
        assert not re.search(r"\|\s*:?--", page.text), path
    assert "| :---" in course.lesson("limits").notebook("en").read_text(encoding="utf-8")  # or this shows nothing


def test_what_stands_in_the_folder_is_not_overwritten(tmp_path, built):
    (tmp_path / "thesis.txt").write_text("mine")
    result = CliRunner().invoke(cli.main, ["site", "--out", str(tmp_path)])
    assert result.exit_code == 2 and "holds something else" in result.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    site._refuse_foreign(built)  # ours may be made again


def test_decks_that_are_not_made_yet_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "build", lambda out: out / "index.html")
    for made, said in ((lambda lang: [], True), (lambda lang: slides.decks(), False)):
        monkeypatch.setattr(site_pages, "built_decks", made)
        result = CliRunner().invoke(cli.main, ["site", "--out", str(tmp_path)])
        assert (result.exit_code, "run aigc slides" in result.stderr) == (0, said)


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "find_spec", lambda name: None if name == "furo" else name)
    with pytest.raises(CourseError, match=r"furo missing: run pip install .*\[site\]"):
        site.build(tmp_path / "site")
    monkeypatch.undo()
    monkeypatch.setattr(site, "read_built", lambda path: None)
    with pytest.raises(CourseError, match=r"There is no notebooks/zh/01_start\.ipynb yet: run aigc build first"):
        site.build(tmp_path / "site", ["start"])
    assert not (tmp_path / "site").exists()


def test_a_page_that_would_load_from_elsewhere_is_refused(tmp_path):
    (tmp_path / "a.html").write_text('<script src="https://cdn.example.org/x.js"></script>')
    with pytest.raises(CourseError, match=r"a\.html would load"):
        site._refuse_remote(tmp_path)


def test_a_broken_link_and_an_unknown_formula_stop_the_build(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "index.md").write_text("# One\n\n[two](two.md) and $\\nosuch{x}$\n")
    with pytest.raises(CourseError) as stopped:
        site._sphinx(source, tmp_path / "html", tmp_path / "doctrees", "en")
    assert "two.md" in str(stopped.value) and "nosuch" in str(stopped.value)


# --- in a browser, from the disk ---------------------------------------------------------------------------------

# what ends beyond the window and in no box that scrolls
TOO_WIDE = """() => {
  const scrolls = (e) => e && e.localName !== "article"
    && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.querySelectorAll("article *, body > section *")]
    .filter((e) => e.getBoundingClientRect().right > window.innerWidth && !scrolls(e.parentElement))
    .map((e) => e.outerHTML.slice(0, 100));
}"""


@pytest.mark.browser
def test_the_site_runs_from_a_disk_and_finds_words_of_both_languages(built, chrome):
    from aigc_course.book.site_sphinx import BothLanguages

    page, wrong = chrome.new_page(color_scheme="dark"), []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else wrong.append(r.url))
    page.set_viewport_size({"width": 390, "height": 800})
    for path in sorted(built.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate(TOO_WIDE) == [], path
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = (built / "zh" / "lessons" / "03_sampling.html").as_uri()
    page.goto(lesson)
    assert page.evaluate(TOO_WIDE) == []
    heights = page.locator("math").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert len(heights) > 10 and all(heights)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.get_by_role("link", name="English").first.click()
    assert page.url == lesson.replace("/zh/", "/en/")
    # a query of a lesson, a term of the glossary, a single character, English by its stem
    for lang, query, where in [
        ("zh", "电冰箱", None),
        ("zh", "掷骰子", "glossary.html#term-sampling"),
        ("zh", "核", "labs/sampling.html"),
        ("zh", "温度", "lessons/03_sampling.html#"),
        ("en", "temperatures", "lessons/03_sampling.html#"),
    ]:
        page.goto((built / lang / "index.html").as_uri())
        page.locator(".sidebar-search").fill(query)
        page.locator(".sidebar-search").press("Enter")
        page.wait_for_function("/\\d|[.。]$/.test(document.querySelector('.search-summary')?.textContent)")
        found = page.locator("#search-results li a").evaluate_all("all => all.map(e => e.getAttribute('href'))")
        assert any(where in link for link in found) if where else not found, (query, found)
        assert len(found) == len(set(found))
    assert "temperature" in page.locator(".context mark").all_inner_texts()
    query = "Transformer 注意力头, top-k long_context 熵"
    words = [w for w in BothLanguages({}).split(query) if len(w) > 1 or w in "熵k"]
    assert page.evaluate("query => splitQuery(query)", query) == words
    page.close()
    assert wrong == []
