"""The fit calculator: what Python sends and refuses, the page's sums against the lesson's, and in a browser."""

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
import test_browser
from browser import Watch, nameless, too_wide, wear
from conftest import need
from IPython.core.interactiveshell import InteractiveShell
from test_widgets import inside

from aigc_course import serving
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets.serving import HOURS, FitCalculator

JS = Path(__file__).parent / "js"


@pytest.mark.parametrize(
    ("start", "word"),
    [
        ({"model": "GPT-5"}, "GPT-5"),
        ({"card": "H900"}, "H900"),
        ({"form": "fp7"}, "fp7"),
        ({"colour": 1}, "colour"),
        ({"card": "910B", "n": 32}, "FP8"),
        ({"users": 0}, "users"),
    ],
)
def test_what_cannot_be_is_refused_in_both_languages(start, word):
    with pytest.raises(CourseError) as caught:
        FitCalculator(start)
    assert word in caught.value.en and word in caught.value.zh


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture(lang):
    set_lang(lang)
    words = inside(FitCalculator().static_svg())
    assert {"zh": "权重", "en": "weights"}[lang] in words and "32 × 910B, BF16" in words
    format = InteractiveShell.instance().display_formatter.format
    assert format(FitCalculator())[0]["image/svg+xml"] == format(FitCalculator())[0]["image/svg+xml"]


SCRIPT = """
import { widget } from "./load.mjs";
import { readFileSync } from "node:fs";
const fit = await widget("serving.js");
const { models, cards, forms, share, cases } = JSON.parse(readFileSync(0, "utf8"));
const named = (list, name) => list.find((one) => one.name === name);
console.log(JSON.stringify(cases.map(({ model: m, card: c, form, ...asked }) => {
  const [model, card, bytes] = [named(models, m), named(cards, c), forms[form]];
  return { ...fit.memory(model, card, bytes, share, asked), ...fit.step(model, card, form, bytes, asked),
    needed: fit.cardsNeeded(model, card, bytes, share, asked), most: fit.usersThatFit(model, card, bytes, share, asked),
    cost: fit.costPerMillion(123, 456, 0.5) };
})));
console.log(JSON.stringify([0, 0.123456, 1.5, 28.04, 999.6, 1405.8, 38860.5].map(fit.figure)));
"""


def test_the_pages_sums_are_the_lessons():
    node = shutil.which("node") or need("Node.js is not installed (Debian: apt install nodejs)")
    made = FitCalculator()
    cases = [
        {"model": m, "card": c, "form": form, "n": n, "context": context, "users": users}
        for m, (c, card), form, n, (context, users) in product(
            ("DeepSeek-R1", "R1-Distill-Llama-70B", "R1-Distill-Qwen-1.5B"),
            serving.cards().items(),
            serving.FORMATS,
            (1, 16),
            ((512, 1), (8192, 16), (131072, 4096)),
        )
        if card.operations(form)
    ]
    given = {"models": made.models, "cards": made.cards, "forms": made.forms, "share": serving.USABLE, "cases": cases}
    ran = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT],
        input=json.dumps(given), cwd=JS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, figures = map(json.loads, ran.stdout.splitlines())
    assert len(found) == len(cases) > 300
    for case, page in zip(cases, found, strict=True):
        model, card = serving.models()[case["model"]], serving.cards()[case["card"]]
        n, form, context, users = (case[name] for name in ("n", "form", "context", "users"))
        held = serving.memory(model, card, n, form, context, users)
        spent = serving.step(model, card, n, form, context, users)
        ours = {"weights": held.weights, "kv": held.kv, "left": held.left}
        ours |= {
            "reading": spent.reading,
            "computing": spent.computing,
            "cost": serving.cost_per_million(123, 456, 0.5),
        }
        assert {name: page[name] for name in ours} == pytest.approx(ours, rel=1e-9)
        try:
            needed = serving.cards_needed(model, card, form, context, users)
        except CourseError:
            needed = None
        assert (page["needed"], page["most"]) == (needed, serving.users_that_fit(model, card, n, form, context))
    assert figures == ["0", "0.123", "1.5", "28", "1,000", "1,410", "38,900"]


# ---- in a browser

WORDS = {
    "zh": {"fits": "放得下", "not": "放不下", "reading": "读内存", "price": "每张卡每小时", "fill": "请填好"},
    "en": {"fits": "It fits", "not": "It does not fit", "reading": "reading memory", "price": "One card for one hour",
           "fill": "fill in"},
}  # fmt: skip


class Screen:
    """A notebook with the calculator on the screen; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.words, self.root = page, watch, WORDS[lang], page.locator(".aigc.fit")
        self.root.wait_for()
        self.selects = self.root.locator("select")
        self.context, self.users = (self.root.locator("input[type=range]").nth(i) for i in (0, 1))
        self.price = self.root.get_by_label(self.words["price"])

    def row(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def verdict(self):
        return self.root.locator(".verdict").inner_text()

    def facts(self):
        return self.root.locator(".facts dd").all_inner_texts()

    def widths(self):
        parts = self.root.locator(".memory .part")
        return parts.evaluate_all("all => all.map(e => parseFloat(e.style.width))")


@pytest.fixture(scope="module", params=LANGS)
def screen(request, lab, chrome):
    lang = request.param
    imports = "from aigc_course.i18n import set_lang\nfrom aigc_course.widgets.serving import FitCalculator"
    head = f"{imports}\nset_lang('{lang}')"
    lab.write(f"fit_{lang}.ipynb", [head, "FitCalculator()"])
    watch = Watch()
    page = lab.open(chrome, f"fit_{lang}.ipynb", watch)
    yield Screen(page, watch, lang)
    page.close()


@pytest.mark.browser
def test_the_lectures_rows_fit_and_cost_what_the_lesson_says(screen):
    r1 = serving.models()["DeepSeek-R1"]
    for name, n, _, _, form, price in serving.LECTURE:
        screen.row(f"{n} × {name}")
        assert screen.verdict().startswith(screen.words["fits"]) and sum(screen.widths()) == pytest.approx(100)
        card = serving.cards()[name]
        most = serving.users_that_fit(r1, card, n, form, 8192)
        speed = serving.step(r1, card, n, form, 8192, 16).tokens_per_second
        cost = serving.cost_per_million(round(price / n / HOURS, 1) * n, speed * 0.2)
        shown = [float(fact.split()[0].replace(",", "")) for fact in (screen.facts()[i] for i in (2, 3, 6))]
        assert shown == pytest.approx([most, speed, cost], rel=0.006)
        assert screen.facts()[5] == screen.words["reading"]


@pytest.mark.browser
def test_what_does_not_fit_says_how_many_it_takes(screen):
    screen.row("16 × H800")
    screen.selects.nth(2).select_option("8")
    assert screen.verdict().startswith(screen.words["not"]) and "16" in screen.verdict()
    assert screen.facts()[3] == screen.facts()[6] == "–" and screen.root.locator(".edge").is_visible()
    screen.selects.nth(3).select_option("int4")
    assert screen.verdict().startswith(screen.words["fits"]) and screen.root.locator(".edge").is_hidden()


@pytest.mark.browser
def test_a_card_without_fp8_gets_bf16_and_says_so(screen):
    screen.row("16 × H800")
    screen.selects.nth(1).select_option("910B")
    assert screen.selects.nth(3).input_value() == "bf16"
    assert "FP8" in screen.root.get_by_role("alert").inner_text()
    assert screen.selects.nth(3).locator("option[value=fp8]").is_disabled()
    screen.row("32 × 910B")
    assert screen.root.get_by_role("alert").count() == 0


@pytest.mark.browser
def test_a_price_that_makes_no_sense_is_asked_for_again(screen):
    screen.row("8 × H200")
    screen.price.fill("-3")
    assert screen.words["fill"] in screen.facts()[6]
    screen.price.fill("10")
    ten = float(screen.facts()[6].split()[0])
    screen.price.fill("20")
    assert float(screen.facts()[6].split()[0]) == pytest.approx(2 * ten, rel=0.01)
    screen.selects.nth(1).select_option("RTX 4090")
    assert screen.price.input_value() == ""  # the lecture has no price for it


@pytest.mark.browser
def test_it_works_from_the_keyboard(screen):
    screen.row("16 × H800")
    screen.context.focus()
    before = screen.widths()
    screen.page.keyboard.press("ArrowRight")
    assert screen.widths()[1] == pytest.approx(2 * before[1], rel=0.01)
    screen.page.keyboard.press("ArrowLeft")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("End")
    assert screen.verdict().startswith(screen.words["not"]) and screen.users.get_attribute("aria-valuetext") == "4,096"
    screen.page.keyboard.press("Home")
    assert screen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert nameless(screen.root, "button, input, select, section") == []


@pytest.mark.browser
def test_it_stands_out_and_fits(screen, theme):
    wear(screen.page, theme)
    for users in ("0", "12"):
        screen.users.fill(users)
        screen.page.wait_for_timeout(400)
        assert screen.root.evaluate(test_browser.POOR_CONTRAST) == []
    for width in (600, 1100):
        screen.page.set_viewport_size({"width": width, "height": 900})
        screen.page.wait_for_timeout(300)
        assert too_wide(screen.root) == []


@pytest.mark.browser
def test_it_fails_at_nothing_and_asks_nobody_else(screen):
    assert screen.watch.failed == [] and screen.watch.outside == [] and screen.watch.errors == []
