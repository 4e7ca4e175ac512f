"""The cost chart: its formulas against counting and against the lesson's own code, its still picture, in a browser."""

import math
import re

import pytest
import test_browser
import torch
from browser import Watch, nameless, too_wide, wear
from IPython.core.interactiveshell import InteractiveShell
from test_widgets import inside
from torch.utils.flop_counter import FlopCounterMode

from aigc_course import claims, long_context, serving
from aigc_course.attention import causal_mask
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.train import attention_costs as costs
from aigc_course.widgets import long_context as chart
from aigc_course.widgets.long_context import LENGTHS, MODELS, WAYS, CostChart, held, longest, pairs, room

PLANS = [(serving.models()[name], form) for name, form in MODELS.items()]


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(CostChart._esm), str(CostChart._css)
    assert "export default { render }" in script and ".costs" in style
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


# ---- the formulas


def test_pairs_are_those_of_the_mask():
    for n, most in ((1, 1), (5, 1), (7, 3), (8, 8), (6, 100)):
        assert pairs(n, most) == int(long_context.window_mask(n, n, most).sum())
    assert pairs(9, 9) == int(causal_mask(9, 9).sum())


@pytest.mark.parametrize(("model", "form"), PLANS, ids=list(MODELS))
def test_attention_takes_the_operations_that_torch_counts(model, form):
    n = 8
    q, k = torch.zeros(2, model.heads, n, model.head_dim + model.rope)
    v = torch.zeros(model.heads, n, model.head_dim)
    with FlopCounterMode(display=False) as counter:
        (q @ k.transpose(-1, -2)).softmax(-1) @ v
    assert chart.attention_operations(model, "dense", n) == model.layers * counter.get_total_flops()


@pytest.mark.parametrize(("model", "form"), PLANS, ids=list(MODELS))
def test_what_each_way_saves_and_what_it_does_not(model, form):
    n = 100_000
    memory = {way: held(model, form, way, n) for way in WAYS}
    spent = {way: chart.attention_operations(model, way, n) for way in WAYS}
    assert len({weights for weights, _, _ in memory.values()}) == 1
    # the table, and a mask on top of it; the others have none
    assert memory["dense"][2] == 2 * model.heads * n**2 == memory["random"][2] / 1.5
    assert all(memory[way][2] == 0 for way in WAYS if way not in ("dense", "random"))
    # only the window forgets; block and index keep something besides
    full = serving.kv_bytes(model, n)
    assert memory["window"][1] == serving.kv_bytes(model, costs.KEEP) < full / 100
    assert memory["torch"][1] == memory["top_k"][1] == full
    assert full < memory["block"][1] < 1.02 * full and full < memory["index"][1] < 1.15 * full
    assert spent["window"] < spent["block"] < spent["top_k"] < spent["torch"] < spent["dense"] == spent["random"]
    # twice as long: the window's twice, all others' towards four times
    growth = {
        way: chart.attention_operations(model, way, 2**20) / chart.attention_operations(model, way, 2**19)
        for way in WAYS
    }
    assert growth["window"] == pytest.approx(2, abs=0.01) and growth["dense"] == 4
    assert all(growth[way] > 3.8 for way in ("torch", "top_k"))
    assert chart.index_operations(model, 2**20) / chart.index_operations(model, 2**19) > 3.99


def test_the_index_pays_only_where_many_heads_share_it():
    def gain(model, form):
        return chart.seconds_at_peak(model, form, "torch", 100_000) / chart.seconds_at_peak(
            model, form, "index", 100_000
        )

    gains = [gain(*plan) for plan in PLANS]
    assert [model.heads for model, _ in PLANS] == [32, 64, 128]
    assert gains == sorted(gains) and 1.2 < gains[0] < 1.6 and gains[2] > 3
    # the index alone does as much as all dense attention of the smallest model, but with 8-bit numbers
    assert chart.index_operations(PLANS[0][0], 5000) == chart.attention_operations(PLANS[0][0], "torch", 5000)


def test_time_is_operations_over_the_published_peak():
    model, form = PLANS[0]
    card = serving.cards()["H800"]
    weights = 2 * serving.parameters(model) * 1000
    expected = (weights + chart.attention_operations(model, "torch", 1000)) / (card.bf16_tflops * 1e12)
    assert chart.seconds_at_peak(model, form, "torch", 1000) == pytest.approx(expected)
    r1, _ = PLANS[2]
    assert chart.seconds_at_peak(r1, "fp8", "window", 1000) < chart.seconds_at_peak(r1, "bf16", "window", 1000)


@pytest.mark.parametrize("cards", [1, 16])
def test_the_longest_text_fits_and_one_token_more_does_not(cards):
    for model, form in PLANS:
        for way in WAYS:
            most = longest(model, form, way, cards)
            if most is None:
                assert sum(held(model, form, way, 10**9)) <= room(cards)
                continue
            assert sum(held(model, form, way, most + 1)) > room(cards)
            assert most == 0 or sum(held(model, form, way, most)) <= room(cards)
    nothing = [longest(*PLANS[2], way, 1) for way in WAYS]
    assert nothing == [0] * len(WAYS)


def test_every_figure_stands_in_a_dataset_or_a_claim():
    said = {id: claims.load()[id] for id in ("long-indexer", "long-server", "long-use", "long-trained")}
    for numbers, id in (
        ([chart.INDEX_HEADS, chart.INDEX_D], "long-indexer"),
        ([chart.CARDS["server"]], "long-server"),
        ([38, 43], "long-use"),
        ([f"{chart.TRAINED:,}"], "long-trained"),
    ):
        assert all(re.search(rf"(?<![\d,]){number}(?!\d)", said[id].en) for number in numbers), id
    assert chart.INDEX_BYTES == chart.INDEX_D + 4 and 0.38 <= chart.USE <= 0.43
    server = serving.cards()[chart.CARD]
    # the lecture's own numbers: 1280 GB, and twice the operations, those with sparsity
    assert 16 * server.memory_gb == 1280 and 2 * 16 * server.bf16_tflops == pytest.approx(31664, rel=1e-3)
    published = {"R1-Distill-Llama-8B": 2, "R1-Distill-Llama-70B": 2, "DeepSeek-R1": 1}
    assert {name: serving.FORMATS[form] for name, form in MODELS.items()} == published


# ---- what Python sends


def test_measurements_are_sent_as_they_are_stored_and_marked():
    stored = costs.measured()
    layer = CostChart().layer
    assert set(costs.LENGTHS) <= set(LENGTHS) and sorted(set(LENGTHS)) == LENGTHS and LENGTHS[-1] == 10**6
    for i, way in enumerate(WAYS):
        known = {row.tokens: row for row in stored[way]}
        for j, n in enumerate(LENGTHS):
            assert layer["measured"][i][j] == (n in known)
            if n in known:
                assert layer["seconds"][i][j] == pytest.approx(known[n].seconds, rel=1e-3)
                assert layer["bytes"][i][j] == pytest.approx(1e6 * known[n].peak_mb, rel=1e-3)
    far = costs.cost(stored["torch"], 10**6)[0]
    assert layer["seconds"][list(WAYS).index("torch")][-1] == pytest.approx(far, rel=1e-3)


def test_between_two_measurements_lies_the_straight_line():
    rows = costs.measured()["torch"]
    middle, known = chart.layer_cost(rows, round(math.sqrt(2000 * 4000)), "seconds")
    assert not known and middle == pytest.approx(math.sqrt(rows[1].seconds * rows[2].seconds), rel=1e-3)


@pytest.mark.parametrize("tokens", [999, 1_000_001, "long", True, None, float("nan")])
def test_a_length_beyond_the_slider_is_refused_in_both_languages(tokens):
    with pytest.raises(CourseError) as error:
        CostChart(tokens)
    assert str(tokens) in error.value.en and str(tokens) in error.value.zh


def test_the_length_shown_first():
    assert [LENGTHS[CostChart(n).start["at"]] for n in (1000, 31_000, 126_000, 1_000_000)] == [
        1000,
        32_000,
        128_000,
        1_000_000,
    ]


# ---- the still picture


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture_fits_and_says_what_the_page_says(lang):
    set_lang(lang)
    picture = CostChart().static_svg()
    words = inside(picture)
    assert picture == CostChart().static_svg() and len(picture) < 20_000
    model, form = PLANS[0]
    for way, names in WAYS.items():
        at = words.index(names[LANGS.index(lang)])
        total, most = sum(held(model, form, way, chart.STILL)), longest(model, form, way, 1)
        assert words[at + 1] == f"{total / 1e9:.0f} GB {'✓' if total <= room(1) else '✗'}"
        assert words[at + 2].startswith("≈ ")
        if most is not None:
            assert most - 1000 < int(words[at + 3].replace(",", "")) <= most
    assert {"✓", "✗"} == {word[-1] for word in words if word[-1] in "✓✗"}
    for n in (1000, 1_000_000):
        inside(CostChart(n).static_svg())


def test_the_still_picture_marks_what_is_longer_than_the_model_learned():
    words = inside(CostChart().static_svg())
    most = CostChart().models[0]["longest"]["card"]
    beyond = [far is None or far > chart.TRAINED for far in most]
    assert words.count("*") == sum(beyond) and 0 < sum(beyond) < len(most)
    assert any(f"{chart.TRAINED:,}" in line for line in words)


def test_the_still_picture_stands_beside_the_page():
    data, _ = InteractiveShell.instance().display_formatter.format(CostChart())
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}


# ---- in a browser

WORDS = {
    "zh": {"fits": "放得下：", "not": "放不下：", "no": "多短的文本都不行", "least": "内存最少", "beyond": "131,072",
           "none": "一种办法也没有打开"},
    "en": {"fits": "Fits: ", "not": "Does not fit: ", "no": "no text is short enough", "least": "Least memory",
           "beyond": "131,072", "none": "No way is switched on"},
}  # fmt: skip


class Chart:
    """A notebook with the chart; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.root = page.locator(".aigc.costs")
        self.root.wait_for()
        self.length, self.use = (self.root.locator("input[type=range]").nth(i) for i in (0, 1))
        self.boxes = self.root.locator("input[type=checkbox]")

    def answer(self):
        return self.root.locator(".answer").inner_text()

    def column(self, kind):
        return self.root.locator(f"tbody .{kind}").all_inner_texts()

    def lines(self):
        return self.root.locator(".lines path").evaluate_all("all => all.map((p) => p.getAttribute('d'))")

    def begin(self, place="card"):
        """All ways on, 100,000 tokens, 40 % of the peak, the first model of the card or the last one on the server."""
        self.root.locator(f"[data-place={place}]").click()
        for box in self.boxes.all():
            box.check()
        self.length.fill(str(LENGTHS.index(100_000)))
        if place != "layer":
            self.use.fill("40")
            self.root.locator("select").select_option("0" if place == "card" else "2")


@pytest.fixture(scope="module", params=["zh", "en"])
def screen(request, lab, chrome):
    lang = request.param
    head = (
        "from aigc_course.i18n import set_lang\n"
        "from aigc_course.widgets.long_context import CostChart\n"
        f"set_lang('{lang}')"
    )
    lab.write(f"costs_{lang}.ipynb", [head, "CostChart()"])
    watch = Watch()
    page = lab.open(chrome, f"costs_{lang}.ipynb", watch)
    yield Chart(page, watch, lang)
    page.close()


@pytest.mark.browser
def test_the_page_shows_what_the_formulas_give(screen):
    screen.begin()
    model, form = PLANS[0]
    for i, way in enumerate(WAYS):
        total = sum(held(model, form, way, 100_000))
        assert screen.column("memory")[i] == f"{total / 1e9:.0f} GB {'✓' if total <= room(1) else '✗'}"
        assert screen.column("spent")[i].startswith("≈ ")
    fits, _, fails = screen.answer().partition(screen.words["not"])
    assert screen.words["fits"] in fits
    for way, names in WAYS.items():
        assert names[LANGS.index(screen.lang)] in (fails if way in ("dense", "random") else fits)
    assert f"{longest(model, form, 'dense', 1) // 100 * 100:,}" in fails


@pytest.mark.browser
def test_the_length_moves_everything(screen):
    screen.begin()
    before = screen.answer(), screen.column("memory"), screen.column("spent")
    lines, cursor = screen.lines(), screen.root.locator(".cursor").first
    x = cursor.get_attribute("x1")
    screen.length.fill(str(LENGTHS.index(10_000)))
    short = screen.answer(), screen.column("memory"), screen.column("spent")
    assert all(a != b for a, b in zip(before, short, strict=True)) and screen.words["not"] not in short[0]
    assert cursor.get_attribute("x1") != x and screen.lines() == lines
    assert screen.words["beyond"] not in short[0]
    screen.length.fill("30")
    assert screen.words["beyond"] in screen.answer() and "1,000,000" in screen.answer()
    # a press in the chart, in its left half
    draw = screen.root.locator(".chart svg").first
    box = draw.bounding_box()
    draw.click(position={"x": box["width"] * 0.4, "y": box["height"] / 2})
    assert int(screen.length.input_value()) < 15


@pytest.mark.browser
def test_other_places_and_models(screen):
    screen.begin()
    screen.root.locator("select").select_option("2")
    assert screen.words["no"] in screen.answer() and set(screen.column("most")) == {"—"}
    screen.begin("server")
    assert screen.words["fits"] in screen.answer() and "DeepSeek-R1" in screen.answer()
    most = longest(*PLANS[2], "torch", 16)
    assert most - 10_000 < int(screen.column("most")[1].replace(",", "")) <= most
    half = screen.column("spent")
    screen.use.fill("20")
    assert screen.column("spent") != half
    screen.begin("layer")
    assert screen.words["least"] in screen.answer() and screen.root.locator("select").is_hidden()
    stored = costs.measured()
    for i, way in enumerate(WAYS):
        known = stored[way][-1].tokens == 100_000
        assert screen.column("memory")[i].startswith("≈ ") != known
        assert screen.column("spent")[i].startswith("≈ ") != known
    dashed = screen.root.locator(".lines path[stroke-dasharray]").count()
    assert dashed == 2 * len(WAYS) == screen.root.locator(".lines path:not([stroke-dasharray])").count()


@pytest.mark.browser
def test_ways_are_switched_off_and_on(screen):
    screen.begin()
    lines = screen.lines()
    screen.boxes.nth(0).uncheck()
    name = WAYS["dense"][LANGS.index(screen.lang)]
    assert len(screen.lines()) == len(lines) - 2 and name not in screen.answer()
    for box in screen.boxes.all():
        box.uncheck()
    assert screen.words["none"] in screen.answer() and screen.lines() == []
    screen.begin()
    assert screen.lines() == lines


@pytest.mark.browser
def test_the_chart_works_from_the_keyboard(screen):
    press, focused = screen.page.keyboard.press, "document.activeElement"
    cells = screen.page.locator(".jp-Cell").count()
    screen.begin()
    screen.root.locator("[data-place=card]").focus()
    press("ArrowRight")
    press("Enter")
    assert "DeepSeek-R1" in screen.answer()
    press("Tab")
    before = screen.answer()
    press("ArrowLeft")
    assert screen.answer() != before
    assert screen.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    for _ in range(3):  # over model and share, to the first way
        press("Tab")
    press("Space")
    assert not screen.boxes.nth(0).is_checked()
    press("d")
    press("d")
    assert screen.page.locator(".jp-Cell").count() == cells


@pytest.mark.browser
def test_every_control_has_a_name(screen):
    for place in ("card", "layer"):
        screen.begin(place)
        assert nameless(screen.root, "button, input, select, section, svg[role=img]") == []
    assert screen.length.get_attribute("aria-valuetext") and screen.root.get_attribute("lang").startswith(screen.lang)


@pytest.mark.browser
def test_words_stand_out_in_light_and_dark(screen, theme):
    screen.begin()
    wear(screen.page, theme)
    screen.page.wait_for_timeout(500)  # the style sheet arrives after the name
    assert screen.root.evaluate(test_browser.POOR_CONTRAST) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [700, 1100])
@pytest.mark.parametrize("place", ["card", "server", "layer"])
def test_it_fits_its_frame(screen, width, place):
    screen.page.set_viewport_size({"width": width, "height": 900})
    screen.begin(place)
    screen.page.wait_for_timeout(300)
    assert too_wide(screen.root) == []


@pytest.mark.browser
def test_nothing_failed_and_nothing_left_this_machine(screen):
    assert (screen.watch.outside, screen.watch.failed, screen.watch.errors) == ([], [], [])
