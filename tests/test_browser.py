"""The interactive pictures in a real JupyterLab and a headless Chromium, in both languages."""

import pytest
from browser import Watch, chromium, jupyterlab
from conftest import need

pytestmark = pytest.mark.browser

PROMPT = {"zh": "今天天气不错，我决定", "en": "The weather is nice today, so I decided to"}
WORDS = {
    "zh": {"begin": "从这里开始", "draw": "抽一个", "greedy": "选最高的", "end": "一直抽到结尾", "back": "回到开头",
           "reset": "恢复原样", "forced": "去", "silent": "Python 没有回应"},
    "en": {"begin": "Begin here", "draw": "Draw one", "greedy": "Take the likeliest", "end": "Draw to the end",
           "back": "Back to the start", "reset": "Reset the sliders", "forced": "go",
           "silent": "Python is not answering"},
}  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def chrome(request):
    with chromium(request.getfixturevalue("chromium")) as browser:
        yield browser


class Screen:
    """A notebook with both widgets on the screen; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.wheel, self.explorer = page.locator(".aigc.wheel"), page.locator(".aigc.explorer")
        self.explorer.wait_for()

    def button(self, word):
        return self.wheel.get_by_role("button", name=self.words[word], exact=True)

    def begin(self):
        """The wheel as it was at first."""
        self.wheel.locator("input[type=text]").fill(PROMPT[self.lang])
        self.button("begin").click()
        self.settled()
        self.button("reset").click()

    def settled(self):
        self.page.wait_for_function("!document.querySelector('.aigc.wheel').hasAttribute('aria-busy')")

    def press(self, button):
        button.click()
        self.settled()

    def text(self):
        """The tokens of the text so far."""
        return self.wheel.locator(".chip").all_inner_texts()

    def shares(self):
        """What stands beside the bars of the model."""
        return self.wheel.locator(".candidate .p.model").all_inner_texts()

    def widths(self):
        return self.wheel.locator(".bar.model").evaluate_all("bars => bars.map(b => b.getBoundingClientRect().width)")


@pytest.fixture(scope="module", params=["zh", "en"])
def screen(request, lab, chrome):
    lang = request.param
    cells = [
        "from aigc_course.i18n import set_lang\n"
        "from aigc_course.widgets.sampling import SteeringWheel\n"
        "from aigc_course.widgets.tokens import TokenExplorer\n"
        f"set_lang('{lang}')",
        f"SteeringWheel({PROMPT[lang]!r})",
        "TokenExplorer()",
    ]
    lab.write(f"{lang}.ipynb", cells)
    watch = Watch()
    page = lab.open(chrome, f"{lang}.ipynb", watch)
    yield Screen(page, watch, lang)
    page.close()


def test_the_watch_sees_what_leaves_this_machine(chrome):
    page, watch = chrome.new_page(), Watch()
    watch.attach(page)
    page.goto("data:text/html,<p>")
    page.evaluate("fetch('http://example.com/x.js').catch(() => console.error('refused'))")
    page.wait_for_timeout(200)
    page.close()
    assert watch.outside == ["http://example.com/x.js"] and watch.failed and "refused" in watch.errors


def test_the_wheel_shows_model_and_truth(screen):
    assert "".join(screen.text()).replace("␣", " ") == "<s>" + PROMPT[screen.lang]
    first = screen.wheel.locator("button.candidate").first
    assert first.locator(".name").inner_text().strip("␣") == screen.words["forced"]
    assert first.locator(".p.truth").inner_text() == "70.0%"
    shares = [float(share.strip("<%")) for share in screen.shares()]
    assert len(shares) == 13 and 98 < sum(shares) < 102


def test_a_slider_moves_the_bars(screen):
    screen.begin()
    before = screen.widths()
    sliders = screen.wheel.locator("input[type=range]")
    sliders.nth(0).fill("0.1")
    sharp = screen.widths()
    assert sharp[0] > before[0] and sharp[4] < before[4]
    sliders.nth(0).fill("2")
    assert screen.widths()[0] < before[0]
    sliders.nth(1).fill("2")
    assert screen.wheel.locator("button.candidate.cut").count() == 10
    screen.button("reset").click()
    assert screen.widths() == before and screen.wheel.locator(".cut").count() == 0


def test_force_draw_and_rewind(screen):
    screen.begin()
    given = screen.text()
    screen.press(screen.wheel.locator("button.candidate").nth(0))
    assert screen.text()[:-1] == given and screen.text()[-1].strip("␣") == screen.words["forced"]
    screen.press(screen.button("end"))
    screen.wheel.locator(".ended").wait_for()
    first = screen.text()
    assert first[-1].startswith("</s>") and screen.button("draw").is_disabled()
    # back to the end of the prompt, and another way
    screen.press(screen.wheel.locator(".chip").nth(len(given) - 1))
    assert screen.text() == given
    screen.press(screen.wheel.locator("button.candidate").nth(1))
    assert screen.text()[-1] != first[len(given)]
    # the way that was left is still there
    ways = screen.wheel.locator(".ways")
    assert ways.is_visible()
    screen.press(ways.locator(".twig").filter(has_text="</s>").first)
    assert screen.text() == first


def test_a_seed_draws_the_same_again(screen):
    def written(seed):
        screen.begin()
        screen.wheel.locator("input[type=number]").fill(str(seed))
        for _ in range(3):
            if screen.button("draw").is_enabled():  # the text may have ended
                screen.press(screen.button("draw"))
        return screen.text()

    screen.begin()
    screen.wheel.locator("input[type=range]").nth(0).fill("2")
    assert written(5) == written(5)
    assert len({tuple(written(seed)) for seed in range(3)}) > 1


def test_an_unknown_text_says_that_the_truth_is_unknown(screen):
    screen.wheel.locator("input[type=text]").fill("龘")
    screen.press(screen.button("begin"))
    assert screen.wheel.locator(".about").is_visible()
    assert "⟨" in "".join(screen.text()) and "\ufffd" not in screen.wheel.inner_text()
    screen.wheel.locator("input[type=text]").fill("很" * 300)
    screen.press(screen.button("begin"))
    assert "256" in screen.wheel.get_by_role("alert").inner_text()
    screen.begin()
    assert screen.wheel.get_by_role("alert").count() == 0


def test_typing_changes_the_tokens(screen):
    box = screen.explorer.locator("textarea").nth(0)
    tokens = screen.explorer.locator(".side").nth(0).locator("button.token")
    box.fill("龘公园👨‍👩‍👧")
    screen.page.wait_for_function("document.querySelector('.explorer .figures b').textContent > 10")
    assert screen.explorer.locator(".shared").first.locator(".word").inner_text() == "龘"
    assert "\ufffd" not in screen.explorer.inner_text()
    tokens.nth(1).hover()
    assert " BE" in screen.explorer.locator(".detail").first.inner_text()
    box.fill("x" * 2001)
    screen.explorer.get_by_role("alert").wait_for()
    assert "2001" in screen.explorer.get_by_role("alert").inner_text()
    box.fill("今天")
    screen.page.wait_for_function("document.querySelectorAll('.side')[0].querySelectorAll('.token').length === 1")
    assert screen.explorer.get_by_role("alert").count() == 0


def test_another_tokenizer(screen):
    names = screen.explorer.locator("option").all_inner_texts()
    if len(names) == 1:
        need("no second tokenizer is installed (pip install 'aigc-course[tokenizers]')")
    ids = screen.explorer.locator(".side").nth(1).locator(".below")
    before = ids.all_inner_texts()
    screen.explorer.locator("select").select_option(names[1])
    changed = "old => document.querySelectorAll('.side')[1].querySelector('.below').innerText !== old"
    screen.page.wait_for_function(changed, arg=before[0])
    assert screen.explorer.locator(".replay").is_hidden()
    screen.explorer.locator("select").select_option(names[0])
    screen.explorer.locator(".replay").wait_for()


def test_merges_replay(screen):
    replay = screen.explorer.locator(".replay")
    replay.get_by_role("button", name={"zh": "英文", "en": "English"}[screen.lang]).click()
    pieces = replay.locator(".token")
    text = screen.explorer.locator("textarea").nth(1).input_value()
    steps = replay.locator(".steps button")
    steps.nth(0).click()
    assert pieces.count() == len(text) and replay.locator(".fresh").count() == 0
    steps.nth(2).click()
    assert pieces.count() < len(text) and replay.locator(".fresh").count() >= 1
    steps.nth(3).click()
    assert pieces.count() == screen.explorer.locator(".side").nth(1).locator("button.token").count()


def test_everything_works_from_the_keyboard(screen):
    screen.begin()
    page, given = screen.page, screen.text()
    cells = page.locator(".jp-Cell").count()
    focused = "document.activeElement"

    def key(*names):
        for name in names:
            page.keyboard.press(name)
        screen.settled()
        outline = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
        assert outline != "none", "the focus cannot be seen"

    screen.wheel.locator("input[type=text]").focus()
    key("Tab", "Tab")  # over the button of the form, into the text
    assert page.evaluate(f"{focused}.className").startswith("chip")
    key("End", "ArrowLeft", "Enter")  # one token back
    assert screen.text() == given[:-1]
    key("Tab", "Enter")  # draw one
    assert len(screen.text()) == len(given)
    key("Tab", "Tab", "Tab", "Enter")  # back to the start
    assert screen.text() == given
    key("Tab", "Tab")  # the seed, then the candidates
    assert "candidate" in page.evaluate(f"{focused}.className")
    key("ArrowDown", "Enter")
    assert len(screen.text()) == len(given) + 1
    key("Tab")
    assert page.evaluate(f"{focused}.type") == "range"
    before = screen.widths()
    key("ArrowRight", "ArrowRight", "ArrowRight")
    assert screen.widths() != before
    key("Tab", "Tab", "Tab", "Tab", "Enter")  # over the other sliders: reset
    assert screen.widths() == before
    key("b", "a", "d", "d")  # letters that are commands of the notebook
    assert page.locator(".jp-Cell").count() == cells
    screen.explorer.locator(".side .token").first.focus()
    key("End")
    assert page.evaluate(f"{focused} === [...document.querySelectorAll('.side')[0].querySelectorAll('.token')].at(-1)")


def test_every_control_has_a_name(screen):
    for widget in (screen.wheel, screen.explorer):
        nameless = widget.locator("button, input, select, textarea, section").evaluate_all(
            "all => all.filter(e => !(e.ariaLabel || e.innerText || e.labels?.[0]?.innerText)).map(e => e.outerHTML)"
        )
        assert nameless == []
        assert widget.get_attribute("aria-label") and widget.get_attribute("lang").startswith(screen.lang)
    assert screen.wheel.locator("[aria-live]").count() >= 2


# WCAG 2.1's contrast of each piece of text with what lies behind it; lists those below 4.5
POOR_CONTRAST = """
root => {
  const parse = (c) => {
    const n = c.match(/[\\d.]+(e-?\\d+)?/g).map(Number);
    return c.startsWith("color(") ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1] : [...n.slice(0, 3), n[3] ?? 1];
  };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => rgb.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const behind = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const poor = [];
  for (const e of root.querySelectorAll("*")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || e.closest(":disabled, .sr-only, option")) continue;
    const back = behind(e);
    const [a, b] = [light(over(parse(getComputedStyle(e).color), back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${e.className} ${e.textContent} ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_words_stand_out_in_light_and_dark(screen, theme):
    screen.begin()
    screen.wheel.locator("input[type=range]").nth(1).fill("3")
    screen.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    screen.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    screen.page.wait_for_timeout(500)  # the style sheet arrives after the name
    for widget in (screen.wheel, screen.explorer):
        assert widget.evaluate(POOR_CONTRAST) == []


@pytest.mark.parametrize("width", [600, 1100])
def test_it_fits_its_frame(screen, width):
    screen.page.set_viewport_size({"width": width, "height": 900})
    screen.page.wait_for_timeout(300)
    for widget in (screen.wheel, screen.explorer):
        out = widget.evaluate(
            "root => { const edge = root.getBoundingClientRect().right + 0.5;"
            "const frame = root.closest('.jp-OutputArea-output').getBoundingClientRect().right + 0.5;"
            "return [...root.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > edge)"
            ".map(e => e.outerHTML.slice(0, 200)).concat(edge > frame ? ['the whole'] : []); }"
        )
        assert out == [] and widget.evaluate("root => root.scrollWidth <= root.clientWidth")


def test_nothing_failed_and_nothing_left_this_machine(screen):
    assert screen.watch.failed == [] and screen.watch.outside == [] and screen.watch.errors == []


def test_a_dead_kernel_is_said(screen):
    screen.begin()
    screen.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    screen.wheel.locator("button.candidate").nth(2).click()
    alert = screen.wheel.get_by_role("alert")
    alert.wait_for()
    assert screen.words["silent"] in alert.inner_text()
    # what needs no Python still works
    before = screen.widths()
    screen.wheel.locator("input[type=range]").nth(0).fill("0.2")
    assert screen.widths() != before
