"""The landscape: its tables are whole and sourced, its words hang together, its claims are shown; the map of terms."""

import re
from collections import Counter
from urllib.parse import urlparse

import pytest
import test_browser
from browser import Watch, nameless, too_wide, wear
from IPython.core.formatters import DisplayFormatter
from test_widgets import inside

from aigc_course import claims, course, glossary, landscape, tool_list
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.landscape import BACK, RELATIONS, TABLES
from aigc_course.widgets import svg
from aigc_course.widgets.landscape import TermMap, wrapped

TERMS = sorted(landscape.terms())
DATASETS = course.root() / "datasets"
MAY_BE_EMPTY = {"kind_of", "part_of", "confused_with", "lesson", "measure", "percent"}

# ---- the tables


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_whole_and_has_a_datasheet(name):
    rows = landscape.read(name)
    sheet = (DATASETS / f"landscape_{name}.md").read_text(encoding="utf-8")
    assert len(rows) >= 4 and len(set(rows)) == len(rows)
    for column in TABLES[name].__dataclass_fields__:
        assert f"`{column}`" in sheet or f"`{column.removesuffix('_zh').removesuffix('_en')}_*`" in sheet, column
    for row in rows:
        for column, value in vars(row).items():
            assert value or column in MAY_BE_EMPTY, (column, row)
            assert value == value.strip() and "unknown" not in value
            if f"_{column}".endswith("_zh"):
                assert not re.search(r"[一-鿿][,;:?!]", value), value
            if f"_{column}".endswith("_en"):
                assert not re.search("[一-鿿]", re.sub("今天天气不错|今天", "", value)), value  # an example is Chinese
        assert not getattr(row, "lesson", "") or course.lesson(row.lesson)


def test_the_tables_keep_to_the_glossary():
    texts = [
        (f"landscape_{name}.csv", lang, getattr(row, column))
        for name, kind in TABLES.items()
        for row in landscape.read(name)
        for lang in LANGS
        for column in kind.__dataclass_fields__
        if column == lang or column.endswith(f"_{lang}")
    ]
    assert len(texts) > 200 and glossary.problems(texts) == []


def test_the_kinds_of_rows_are_known():
    assert {row.kind for row in landscape.read("timeline")} == {"idea", "product", "rule"}
    years = [row.year for row in landscape.read("timeline")]
    assert years == sorted(years) and all(re.fullmatch(r"(19|20)\d\d", year) for year in years)
    assert {row.kind for row in landscape.read("value")} == {"forecast", "survey", "measured"}
    assert {row.evidence for row in landscape.read("industries")} == {
        "measured", "reported", "named", "anonymous", "none",
    }  # fmt: skip
    assert {row.direction for row in landscape.read("jobs")} == {"1", "0", "-1"}
    assert {row.tool_kind for row in landscape.read("modalities")} <= set(tool_list.KINDS)
    assert Counter(row.in_force for row in landscape.read("rules")).keys() == {"2023-08-15", "2025-09-01"}
    assert all(re.search(r"article \d+$", row.source) for row in landscape.read("rules"))


def test_only_what_was_measured_has_a_figure():
    for row in landscape.read("value"):
        assert bool(row.percent) == bool(row.measure) == (row.kind == "measured")
        if row.kind == "measured":
            assert row.percent.lstrip("-") in row.zh and row.percent.lstrip("-") in row.en
        else:
            with pytest.raises(CourseError, match="not measured"):
                landscape.time_percent(row)


@pytest.mark.parametrize(
    ("measure", "percent", "time"), [("time", "-40", -40), ("more an hour", "25", -20), ("more an hour", "-50", 100)]
)
def test_more_in_an_hour_is_less_time(measure, percent, time):
    row = landscape.Value("x", "measured", "2025", "", "", measure, percent, "")
    assert landscape.time_percent(row) == pytest.approx(time)


def test_an_unknown_table_or_term_is_named():
    with pytest.raises(CourseError, match="no table “jobz”"):
        landscape.read("jobz")
    with pytest.raises(CourseError, match="no “agy”"):
        landscape.relations("agy")


def test_a_markdown_table_keeps_its_columns():
    made = landscape.markdown(["a", "b"], [["x|y", 3]])
    assert made.splitlines() == ["| a | b |", "| :--- | :--- |", "| x\\|y | 3 |"]


# ---- the words


def test_the_words_are_the_glossarys_and_hang_together():
    assert set(TERMS) <= set(glossary.load())
    for row in landscape.terms().values():
        for column in ("kind_of", "part_of", "confused_with"):
            others = list(filter(None, getattr(row, column).split("|")))
            assert set(others) <= set(TERMS) - {row.term}, row.term
    keys = [key for _, key in landscape.tree()]
    assert sorted(keys) == TERMS  # all hang on the map, and no term below itself


@pytest.mark.parametrize("key", TERMS)
def test_relations_are_seen_from_both_ends(key):
    near = landscape.relations(key)
    assert near and len(set(near)) == len(near)
    backward = {**BACK, **{back: relation for relation, back in BACK.items()}}
    assert all((backward[relation], key) in landscape.relations(other) for relation, other in near)
    assert [relation for relation, _ in near] == sorted((r for r, _ in near), key=list(RELATIONS).index)
    assert not landscape.is_a(key, key)


def test_a_kind_of_a_kind_is_a_kind():
    assert landscape.is_a("reasoning model", "artificial intelligence")
    assert not landscape.is_a("artificial intelligence", "reasoning model")
    assert not landscape.is_a("token", "language model")  # a part is not a kind
    assert landscape.is_a("large language model", "foundation model")  # not only the first parent counts


# ---- the ledger


def test_the_ledger_holds_enough_of_the_two_sources_and_the_lesson_shows_its_own():
    ledger = claims.load()
    ours = landscape.of_sources(ledger.values())
    assert len(ours) >= 65
    assert {row.date for row in ours} <= {"2025-02-20", "2025-02"}
    counts = landscape.statuses(ours)
    assert sum(map(Counter.total, counts.values())) == len(ours) and all(found.total() for found in counts.values())
    text = course.lesson("landscape").source.read_text(encoding="utf-8")
    shown = set(re.findall(r'"(landscape-[a-z0-9-]+)"', text))
    assert shown == {id for id, row in ledger.items() if row.lesson == "landscape"}


def test_where_a_claim_stands():
    row = claims.load()["landscape-kimi"]
    assert landscape.part(row) == "4" and landscape.part(claims.load()["landscape-bank"]) == "article"


def test_the_lessons_sums_are_in_the_ledger():
    ledger = claims.load()
    assert f"{5000 / 10 / 365:.2f}" in ledger["landscape-west-lake"].zh
    assert f"{700e9 / 190_000 / 1e6:.1f} MB" in ledger["landscape-four-novels"].en
    assert f"{100 * (142.62 - 118.42) / 142.62:.0f} %" in ledger["landscape-nvidia"].en
    pairs = re.findall(r"([\d.]+) % and ([\d.]+) %", ledger["landscape-facts"].en)
    assert len(pairs) == 3 and all(1.4 < float(r1) / float(v3) < 1.6 for r1, v3 in pairs)


# ---- the widget: what is sent, the still picture


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(TermMap._esm), str(TermMap._css)
    assert "export default { render }" in script and ".terms" in style
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert {urlparse(url).netloc for url in re.findall(r"\w+://[^\s\"']+", script + style)} <= {"www.w3.org"}


@pytest.mark.parametrize("lang", LANGS)
def test_every_term_is_sent_with_its_definition(lang):
    set_lang(lang)
    sent = {term["key"]: term for term in TermMap().terms}
    assert sorted(sent) == TERMS
    for key, term in sent.items():
        entry = glossary.load()[key]
        assert term["definition"] == getattr(entry, f"definition_{lang}") and term["name"] == getattr(entry, lang)
        assert [tuple(pair) for pair in term["near"]] == landscape.relations(key)
        assert bool(term["lesson"]) == bool(landscape.terms()[key].lesson)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("start", TERMS)
def test_the_still_picture_of_each_term_fits(lang, start):
    set_lang(lang)
    words = inside(TermMap(start).static_svg())
    definition = getattr(glossary.load()[start], f"definition_{lang}")
    assert definition.replace(" ", "") in "".join(words).replace(" ", "")


def test_the_still_picture_is_the_same_each_time():
    format = DisplayFormatter().format  # an InteractiveShell would stay, and checks would ask it for answers
    assert format(TermMap())[0]["image/svg+xml"] == format(TermMap())[0]["image/svg+xml"]


def test_lines_are_broken_where_one_may():
    for words in ("a few plain words of English, with commas", "中文里夹着 Latin words，也要断得对。", "一" * 80):
        lines = wrapped(words, 14, 120)
        assert "".join(lines).replace(" ", "") == words.replace(" ", "") and len(lines) > 1
        assert all(svg.width(line, 14) <= 120 + 14 and not line.startswith(("，", "。", " ")) for line in lines)
        assert not re.search("[A-Za-z]$", lines[0]) or lines[1][0] not in "abcdefghijklmnopqrstuvwxyz" or " " in words


def test_a_start_that_is_not_on_the_map_is_refused():
    with pytest.raises(CourseError) as caught:
        TermMap("blockchain")
    assert "blockchain" in caught.value.zh and "agi" in caught.value.en


# ---- in a browser


class Screen:
    """A notebook with the map on the screen; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang = page, watch, lang
        self.root = page.locator(".aigc.terms")
        self.root.wait_for()
        self.rows = self.root.locator("button.term")
        set_lang(lang)
        self.terms = TermMap().terms
        self.keys = [term["key"] for term in self.terms]

    def press(self, key):
        self.rows.nth(self.keys.index(key)).click()

    def card(self):
        return self.root.locator(".card").inner_text()

    def chosen(self):
        pressed = self.rows.evaluate_all("all => all.map(e => e.getAttribute('aria-pressed'))")
        assert pressed.count("true") == 1
        return self.keys[pressed.index("true")]


@pytest.fixture(scope="module", params=LANGS)
def screen(request, lab, chrome):
    lang = request.param
    head = "from aigc_course.i18n import set_lang\nfrom aigc_course.widgets.landscape import TermMap"
    lab.write(f"terms_{lang}.ipynb", [f"{head}\nset_lang('{lang}')", "TermMap()"])
    watch = Watch()
    page = lab.open(chrome, f"terms_{lang}.ipynb", watch)
    yield Screen(page, watch, lang)
    page.close()


@pytest.mark.browser
def test_pressing_a_term_tells_all_about_it(screen):
    for term in screen.terms:
        screen.press(term["key"])
        card = screen.card()
        assert screen.chosen() == term["key"]
        assert term["definition"] in card and term["lesson"] in card and term["name"] in card
        chips = screen.root.locator(".chip").all_inner_texts()
        names = {other["key"]: other["name"] for other in screen.terms}
        assert chips == [names[key] for _, key in term["near"]]
        coloured = screen.root.locator("button.term.near").count()
        assert coloured == len({key for _, key in term["near"]})


@pytest.mark.browser
def test_a_neighbour_can_be_pressed_and_the_keyboard_goes_with_it(screen):
    screen.press("chatbot")
    screen.root.locator(".chip").first.click()
    assert screen.chosen() == landscape.relations("chatbot")[0][1]
    at = "[...document.querySelectorAll('.terms button.term')].indexOf(document.activeElement)"
    place = screen.page.evaluate(at)
    assert place == screen.keys.index(screen.chosen())
    screen.page.keyboard.press("ArrowUp")
    screen.page.keyboard.press("Enter")
    assert screen.chosen() == screen.keys[place - 1]
    screen.page.keyboard.press("Home")
    screen.page.keyboard.press("Enter")
    assert screen.chosen() == screen.keys[0]
    screen.page.keyboard.press("Tab")  # one stop for the whole tree, then the chips
    assert screen.page.evaluate("document.activeElement.className") == "chip"
    assert screen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert nameless(screen.root, "button, section") == []


@pytest.mark.browser
def test_the_map_stands_out_and_fits(screen, theme):
    wear(screen.page, theme)
    screen.page.wait_for_timeout(400)
    screen.press("large language model")
    assert screen.root.evaluate(test_browser.POOR_CONTRAST) == []
    for width in (600, 760, 1280):
        screen.page.set_viewport_size({"width": width, "height": 900})
        screen.page.wait_for_timeout(300)
        assert too_wide(screen.root) == []


@pytest.mark.browser
def test_the_map_fails_at_nothing_and_asks_nobody_else(screen):
    assert screen.watch.failed == [] and screen.watch.outside == [] and screen.watch.errors == []
