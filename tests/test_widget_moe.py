"""The experts' traffic: what Python finds in the snapshots, its still picture, and in a browser."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import test_browser
import torch
from browser import Watch, nameless, too_wide, wear
from IPython.core.interactiveshell import InteractiveShell
from test_widgets import inside

from aigc_course import moe
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets.moe import ALIKE, IDLE, WORK, ExpertTraffic, busy, standout

KINDS = {"zh": ["中文词", "英文词", "人名", "数字", "标点", "开头"],
         "en": ["Chinese word", "English word", "name", "digit", "punctuation", "start"]}  # fmt: skip
NAMES = {"zh": ["不管均衡", "均衡损失", "偏置"], "en": ["No balancing", "Balance loss", "Bias"]}
E, STEPS = 16, [1, *range(10, 400, 10)]
LAST = len(STEPS) - 1


class Snapshot(NamedTuple):
    step: int
    loss: float
    load: list[float]
    traffic: list[list[int]]


def training(seed: int, sharpness: float, experts: int = E, kinds: int = 6, steps=STEPS) -> list[Snapshot]:
    """Made up: the loads drift from even towards a few experts, the more so the larger the sharpness."""
    rng = np.random.default_rng(seed)
    drawn, taste = rng.normal(size=experts), rng.normal(size=(kinds, experts))
    found = []
    for i, step in enumerate(steps):
        p = np.exp(sharpness * i / len(steps) * (drawn + taste / 2))
        counts = (300 * p / p.sum(1, keepdims=True)).round().astype(int)
        load = counts.sum(0) / counts.sum()
        found.append(Snapshot(step, round(6 * 0.95**i + 1, 4), load.round(4).tolist(), counts.tolist()))
    return found


def runs(lang: str = "en", **how) -> dict[str, list[Snapshot]]:
    return {
        name: training(i, sharpness, **how)
        for i, (name, sharpness) in enumerate(zip(NAMES[lang], (4, 1, 0.1), strict=True))
    }


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(ExpertTraffic._esm), str(ExpertTraffic._css)
    assert "export default { render }" in script and ".traffic" in style
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


# ---- what Python sends


def test_every_number_is_the_lessons_own():
    given = runs()
    widget = ExpertTraffic(given, KINDS["en"], lang="en")
    assert [run["name"] for run in widget.runs] == NAMES["en"] and widget.experts == E and widget.lang == "en"
    for sent, run in zip(widget.runs, given.values(), strict=True):
        assert sent["steps"] == STEPS and sent["loss"] == [one.loss for one in run]
        load = np.frombuffer(sent["load"], "<u2").reshape(len(run), E) / 65535
        np.testing.assert_allclose(load, [one.load for one in run], atol=1e-5)
        traffic = np.frombuffer(sent["traffic"], "<u4").reshape(len(run), 6, E)
        assert traffic.tolist() == [one.traffic for one in run]
        for i, one in enumerate(run):
            share = torch.tensor(one.load) / sum(one.load)  # the stored load is rounded
            assert sent["effective"][i] == pytest.approx(moe.effective_experts(share), abs=1e-3)
            assert sent["excess"][i] == pytest.approx(moe.max_violation(share), abs=1e-3)
            n, most = sent["busy"][i], share.sort(descending=True).values
            assert most[:n].sum() >= WORK - 1e-5 and most[: n - 1].sum() < WORK
            assert sent["idle"][i] == sum(x * E < IDLE for x in one.load)
    effective = [run["effective"][-1] for run in widget.runs]
    assert effective[0] < effective[1] < effective[2], "the runs are alike: the test would see nothing"


def test_stored_tensors_and_counts_that_are_floats_are_taken_too():
    run = training(0, 2.0)
    same = [Snapshot(s.step, s.loss, torch.tensor(s.load), torch.tensor(s.traffic).float()) for s in run]
    assert ExpertTraffic({"a": run}, KINDS["en"]).runs == ExpertTraffic({"a": same}, KINDS["en"]).runs


@pytest.mark.parametrize(
    ("load", "number"),
    [([0.25] * 4, 4), ([0.1] * 10, 9), ([1, 0, 0], 1), ([0.5, 0.4, 0.1], 2), ([0.46, 0.43, 0.11], 3)],
)
def test_how_many_do_the_work(load, number):
    assert busy(np.array(load, float)) == number


def test_what_stands_out_is_the_largest_term_of_the_information():
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = rng.integers(0, 100, (5, 7)).astype(float)
        p = torch.tensor(counts / counts.sum())
        terms = torch.special.xlogy(p, p / (p.sum(0) * p.sum(1, keepdim=True)))
        assert float(terms.sum()) == pytest.approx(moe.information(torch.tensor(counts)), rel=1e-4)
        kind, expert = standout(counts)
        above = counts / counts.sum(1, keepdims=True) - counts.sum(0) / counts.sum()
        assert above[kind, expert] >= ALIKE
        assert float(terms[kind, expert]) == pytest.approx(float(terms[torch.tensor(above) >= ALIKE].max()))
    assert standout(np.full((3, 4), 7.0)) is None and standout(np.zeros((3, 4))) is None
    assert standout(np.array([[0, 0, 0], [5, 5, 0], [0, 5, 5]], float))[0] != 0  # a kind without a token


def test_three_runs_are_small_enough_to_send():
    widget = ExpertTraffic(runs(), KINDS["en"])
    values = [value for run in widget.runs for value in run.values()]
    assert sum(len(value) if isinstance(value, bytes) else len(repr(value)) for value in values) < 60_000


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda r: {}, "1 to 4"),
        (lambda r: [], "1 to 4"),
        (lambda r: {str(i): r["Bias"] for i in range(5)}, "1 to 4"),
        (lambda r: r | {"Bias": []}, "1 to 4"),
        (lambda r: r | {"Bias": training(0, 1.0, experts=8)}, "[8, 16]"),
        (lambda r: {"Bias": training(0, 1.0, experts=1)}, "2 to 64"),
        (lambda r: {"Bias": training(0, 1.0, experts=65)}, "[65]"),
        (lambda r: r | {"Bias": training(0, 1.0, kinds=5)}, "[5, 6] rows"),
        (lambda r: r | {"Bias": [r["Bias"][0]._replace(traffic=[[1] * 15] * 6)]}, "[15, 16]"),
        (lambda r: r | {"Bias": r["Bias"][:-1]}, "same steps"),
        (lambda r: {"Bias": r["Bias"][::-1]}, "rising"),
        (lambda r: {"Bias": [r["Bias"][0]._replace(load=[0.5] * E)]}, "1 in all"),
        (lambda r: {"Bias": [r["Bias"][0]._replace(load=[math.nan] * E)]}, "1 in all"),
        (lambda r: {"Bias": [r["Bias"][0]._replace(load=[1.5, -0.5] + [0] * 14)]}, "1 in all"),
        (lambda r: {"Bias": [r["Bias"][0]._replace(traffic=[[-1] * E] * 6)]}, "counts"),
        (lambda r: {"Bias": [r["Bias"][0]._replace(loss=math.nan)]}, "finite"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_both_languages(change, word):
    with pytest.raises(CourseError) as error:
        ExpertTraffic(change(runs()), KINDS["en"])
    assert word in error.value.en and error.value.zh


@pytest.mark.parametrize(
    ("kinds", "word"), [([], "1 to 12"), ("abcdef", "1 to 12"), (["a"] * 13, "1 to 12"), (["a", "b"], "2 kinds")]
)
def test_kinds_that_do_not_fit_are_refused(kinds, word):
    with pytest.raises(CourseError) as error:
        ExpertTraffic(runs(), kinds)
    assert word in error.value.en and error.value.zh


# ---- the still picture


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture_fits_and_says_how_even_the_load_is(lang):
    set_lang(lang)
    widget = ExpertTraffic(runs(lang), KINDS[lang])
    picture = widget.static_svg()
    words = inside(picture)
    assert len(picture) < 40_000 and picture == ExpertTraffic(runs(lang), KINDS[lang]).static_svg()
    assert set(NAMES[lang]) | set(KINDS[lang]) <= set(words)
    for run in widget.runs:
        assert any(f"{run['effective'][-1]:.1f}" in line for line in words)
        assert any(re.search(rf" {run['excess'][-1]:.2f}\b", line) for line in words)
    other = ExpertTraffic(runs("en"), KINDS["en"], lang="en").static_svg()
    assert (other == picture) == (lang == "en") and not re.search(r"[一-鿿]", other)
    data, _ = InteractiveShell.instance().display_formatter.format(widget)
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}


def test_still_pictures_of_other_sizes_fit():
    for count, experts, kinds, steps in ((1, 2, 1, [5]), (4, 64, 12, STEPS), (2, 7, 3, [1, 2])):
        given = {f"a training with a long name, {i}": training(i, 3.0, experts, kinds, steps) for i in range(count)}
        picture = ExpertTraffic(given, [f"a kind with a long name, {i}" for i in range(kinds)]).static_svg()
        inside(picture)
        assert len(picture) < 120_000


# ---- in a browser

WORDS = {
    "zh": {"play": "播放", "pause": "暂停", "step": "第 {} 步", "alike": "没有哪种 token", "stands": "最突出的"},
    "en": {"play": "Play", "pause": "Pause", "step": "step {}", "alike": "No kind prefers", "stands": "Stands out"},
}


class Traffic:
    """A notebook with the widget; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.root = page.locator(".aigc.traffic")
        self.root.wait_for()
        self.slider, self.names = self.root.locator("input[type=range]"), self.root.locator("button.name")
        self.cells, self.play = self.root.locator("button.cell"), self.root.locator("button.play")
        self.widget = ExpertTraffic(runs(lang), KINDS[lang], lang=lang)

    def text(self, part):
        return self.root.locator(part).inner_text()

    def shown(self):
        """All that a step changes: sentences, figures of each training, the table, the cursors."""
        cursors = self.root.locator(".cursor").evaluate_all("all => all.map(e => e.style.left)")
        return self.text(".says"), self.text(".panels"), self.text(".matrix"), self.text(".told"), cursors

    def begin(self, at=LAST, run=0):
        self.root.locator(".heading").hover()
        self.slider.fill(str(at + 1))
        self.names.nth(run).click()


@pytest.fixture(scope="module", params=["zh", "en"])
def traffic(request, lab, chrome):
    lang = request.param
    cells = [
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_widget_moe import KINDS, runs\n"
        "from aigc_course.widgets.moe import ExpertTraffic",
        f"ExpertTraffic(runs({lang!r}), KINDS[{lang!r}], lang={lang!r})",
    ]
    lab.write(f"traffic_{lang}.ipynb", cells)
    watch = Watch()
    page = lab.open(chrome, f"traffic_{lang}.ipynb", watch)
    yield Traffic(page, watch, lang)
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("at", "run"), [(0, 0), (20, 1), (39, 0), (39, 2)])
def test_the_page_shows_what_python_found(traffic, at, run):
    traffic.begin(at, run)
    sent, said = traffic.widget.runs[run], traffic.text(".says")
    assert sent["name"] in said and traffic.words["step"].format(STEPS[at]) in said
    numbers = [int(n) for n in re.findall(r"\d+", said.replace("90%", ""))]
    idle = [sent["idle"][at]] * (sent["idle"][at] > 0)
    order = [E, sent["busy"][at]] if traffic.lang == "zh" else [sent["busy"][at], E]
    even = [15] * (sent["busy"][at] != 15)
    assert numbers == [STEPS[at], *order, *even, *idle]
    for i, each in enumerate(traffic.widget.runs):
        panel = traffic.root.locator(".panel").nth(i).inner_text()
        assert f"{each['effective'][at]:.1f} / {E}" in panel and f"{each['loss'][at]:.2f}" in panel
        assert re.search(rf"\b{each['excess'][at]:.2f}\b", panel)
    counts = np.frombuffer(sent["traffic"], "<u4").reshape(len(STEPS), 6, E)[at]
    shares = 100 * counts / counts.sum(1, keepdims=True)
    seen = [float(n or 0) for n in traffic.cells.all_inner_texts()]
    np.testing.assert_allclose(seen, shares.flatten(), atol=0.51)
    kind = traffic.words["stands" if sent["standout"][at] else "alike"]
    assert kind in traffic.text(".standout")
    lengths = (
        traffic.root.locator(".panel")
        .nth(run)
        .locator(".bar")
        .evaluate_all("bars => bars.map(b => b.getBoundingClientRect().width)")
    )
    load = np.frombuffer(sent["load"], "<u2").reshape(len(STEPS), E)[at] / 65535
    np.testing.assert_allclose(np.array(lengths) / sum(lengths), load, atol=0.01)


@pytest.mark.browser
def test_scrubbing_dragging_and_playing_move_everything(traffic):
    traffic.begin()
    last = traffic.shown()
    traffic.slider.fill("10")
    earlier = traffic.shown()
    assert all(a != b for a, b in zip(last, earlier, strict=True))
    box = traffic.root.locator(".map").nth(1).bounding_box()
    traffic.page.mouse.click(box["x"] + box["width"] * 5.5 / len(STEPS), box["y"] + 20)
    assert traffic.slider.input_value() == "6" and traffic.names.nth(1).get_attribute("aria-pressed") == "true"
    traffic.begin()
    traffic.play.click()
    assert traffic.play.inner_text() == traffic.words["pause"]
    traffic.page.wait_for_function("document.querySelector('.traffic input[type=range]').value > 3")
    traffic.play.click()
    assert traffic.play.inner_text() == traffic.words["play"]
    at = traffic.slider.input_value()
    traffic.page.wait_for_timeout(500)
    assert traffic.slider.input_value() == at
    traffic.slider.fill(str(len(STEPS) - 2))
    traffic.play.click()
    traffic.page.wait_for_function(f"document.querySelector('.traffic input[type=range]').value == {len(STEPS)}")
    assert traffic.play.inner_text() == traffic.words["play"]


@pytest.mark.browser
def test_pointing_at_a_cell_tells_its_numbers(traffic):
    traffic.begin()
    counts = np.frombuffer(traffic.widget.runs[0]["traffic"], "<u4").reshape(len(STEPS), 6, E)[-1]
    for kind, expert in ((0, 3), (5, 15)):
        traffic.cells.nth(kind * E + expert).hover()
        told = traffic.text(".told")
        assert KINDS[traffic.lang][kind] in told
        numbers = {int(n) for n in re.findall(r"\d+", told)}
        assert {expert, counts[kind].sum(), counts[kind, expert]} <= numbers
        assert round(100 * counts[kind, expert] / counts[:, expert].sum()) in numbers
    told = traffic.text(".told")
    traffic.slider.fill("4")  # the cell stays, its numbers follow
    assert traffic.text(".told") != told and traffic.root.locator(".cell.here").count() == 1


@pytest.mark.browser
def test_the_widget_works_from_the_keyboard(traffic):
    press, focused = traffic.page.keyboard.press, "document.activeElement"
    cells = traffic.page.locator(".jp-Cell").count()
    traffic.begin()
    traffic.slider.focus()
    before = traffic.shown()
    press("ArrowLeft")
    assert traffic.shown() != before
    for _ in range(3):
        press("Tab")
    press("Enter")
    assert traffic.names.nth(2).get_attribute("aria-pressed") == "true"
    press("Tab")
    press("Home")
    at = f"[...document.querySelectorAll('.traffic button.cell')].indexOf({focused})"
    places = []
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowUp", "End", "ArrowDown", "ArrowLeft"):
        press(key)
        places.append(traffic.page.evaluate(at))
    assert places == [E, E + 1, 1, 1, 6 * E - 1, 6 * E - 1, 6 * E - 2]
    assert KINDS[traffic.lang][5] in traffic.text(".told")
    assert traffic.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    press("d")
    press("d")
    assert traffic.page.locator(".jp-Cell").count() == cells


@pytest.mark.browser
def test_nothing_jumps_while_the_step_moves(traffic):
    places = (
        "root => [...root.querySelectorAll('.cell, .map, .name')].map(e => JSON.stringify(e.getBoundingClientRect()))"
    )
    for width in (760, 1280):
        traffic.page.set_viewport_size({"width": width, "height": 900})
        traffic.page.wait_for_timeout(300)
        traffic.begin()
        first = traffic.root.evaluate(places)
        for at in range(0, len(STEPS), 6):
            traffic.slider.fill(str(at + 1))
            assert traffic.root.evaluate(places) == first


@pytest.mark.browser
def test_the_widget_stands_out_and_fits(traffic, theme):
    wear(traffic.page, theme)
    traffic.page.wait_for_timeout(500)
    for at, run in ((0, 1), (39, 0)):
        traffic.begin(at, run)
        assert traffic.root.evaluate(test_browser.POOR_CONTRAST) == []
        for width in (600, 760, 1280):
            traffic.page.set_viewport_size({"width": width, "height": 900})
            traffic.page.wait_for_timeout(300)
            assert traffic.root.evaluate("root => root.scrollWidth <= root.clientWidth")
            assert too_wide(traffic.root, -10) == []
    assert nameless(traffic.root, "button:not(.cell), input, section") == []
    assert traffic.cells.evaluate_all("all => all.every(e => e.ariaLabel)")


@pytest.mark.browser
def test_the_widget_moves_without_python_and_asks_nobody(traffic):
    traffic.begin()
    traffic.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    before = traffic.shown()
    traffic.slider.fill("5")
    assert traffic.shown() != before
    assert traffic.watch.failed == [] and traffic.watch.outside == [] and traffic.watch.errors == []
