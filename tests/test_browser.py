"""The interactive pictures in a real JupyterLab and a headless Chromium, in both languages."""

import pytest
from browser import Watch, nameless, wear
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


class Screen:
    """A notebook with both widgets on the screen; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.wheel, self.explorer = page.locator(".aigc.wheel"), page.locator(".aigc.explorer")
        self.cockpit, self.live = page.locator(".aigc.cockpit").first, page.locator(".aigc.cockpit").last
        self.widgets = (self.wheel, self.explorer, self.cockpit)
        self.live.get_by_role("slider").wait_for()

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
        "from aigc_course import arms\n"
        "from aigc_course.widgets.rl import RLCockpit\n"
        "from aigc_course.widgets.sampling import SteeringWheel\n"
        "from aigc_course.widgets.tokens import TokenExplorer\n"
        f"set_lang('{lang}')",
        f"SteeringWheel({PROMPT[lang]!r})",
        "TokenExplorer()",
        "run = arms.load_run('gamed_length-1')\n"
        "RLCockpit({'length': run, 'gated': arms.load_run('gamed_gated-1')}, heading='r1_zero_base')",
        "cockpit = RLCockpit(total=5)\n_ = cockpit.watch(iter(run[:3]))",
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


def test_the_cockpit_scrubs_over_a_run(screen):
    cockpit = screen.cockpit
    slider, number = cockpit.get_by_role("slider"), cockpit.locator(".number")
    texts = cockpit.locator("tbody tr td.text")
    slider.fill("1")
    first = texts.all_inner_texts()
    assert len(first) == 8 and cockpit.get_by_role("button").first.is_disabled()
    slider.focus()
    screen.page.keyboard.press("End")
    assert texts.all_inner_texts() != first and "16" in number.inner_text()
    assert cockpit.locator("tbody .slip").count() > 0, "a run that is gamed writes wrong steps"
    assert cockpit.get_by_role("button").last.is_disabled()
    own = cockpit.locator("path.own").first.get_attribute("d")
    assert cockpit.locator(".dial.reward path.truth").count() == 1
    cockpit.locator("select").select_option(label="gated")
    assert cockpit.locator("path.own").first.get_attribute("d") != own
    assert cockpit.locator(".dial.reward path.truth").count() == 0
    cockpit.locator("select").select_option(label="length")
    cockpit.locator(".dial.length svg").click(position={"x": 1, "y": 20})
    assert texts.all_inner_texts() == first


def test_the_cockpit_follows_a_run_until_one_looks_back(screen):
    number = screen.live.locator(".number")
    assert [w for w in number.inner_text().split() if w.isdigit()] == ["3", "5"]
    screen.live.get_by_role("slider").fill("2")
    assert [w for w in number.inner_text().split() if w.isdigit()] == ["2", "5"]


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
    for widget in screen.widgets:
        assert nameless(widget, "button, input, select, textarea, section") == []
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


def test_words_stand_out_in_light_and_dark(screen, theme):
    screen.begin()
    screen.wheel.locator("input[type=range]").nth(1).fill("3")
    wear(screen.page, theme)
    screen.page.wait_for_timeout(500)  # the style sheet arrives after the name
    for widget in screen.widgets:
        assert widget.evaluate(POOR_CONTRAST) == []


@pytest.mark.parametrize("width", [600, 1100])
def test_it_fits_its_frame(screen, width):
    screen.page.set_viewport_size({"width": width, "height": 900})
    screen.page.wait_for_timeout(300)
    for widget in screen.widgets:
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


# ---- the trace player


PLAYER = {
    "zh": {"play": "播放", "pause": "暂停", "on": "进一步", "back": "退一步", "end": "到结尾", "own": "问两个模型",
           "story": "小明有700个苹果，又买了5个，现在有几个？"},
    "en": {"play": "Play", "pause": "Pause", "on": "Step on", "back": "Step back", "end": "To the end",
           "own": "Ask both", "story": "Tom has 700 apples and buys 5 more. How many are there now?"},
}  # fmt: skip


class Player:
    """A notebook with the trace player; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.words, self.root = page, watch, PLAYER[lang], page.locator(".aigc.player")
        self.root.wait_for()

    def press(self, word):
        self.root.get_by_role("button", name=self.words[word], exact=True).click()

    def choose(self, i):
        self.root.locator(".list button").nth(i).click()

    def written(self):
        """What stands in both columns."""
        return self.root.locator(".side").all_inner_texts()

    def budget(self, tokens):
        self.root.locator("input[type=range]").fill(str(tokens))


@pytest.fixture(scope="module", params=["zh", "en"])
def player(request, lab, chrome):
    lang = request.param
    head = f"from aigc_course.i18n import set_lang\nset_lang('{lang}')"
    lab.write(
        f"player_{lang}.ipynb",
        [head, "from aigc_course.widgets.reasoning import TracePlayer\nTracePlayer()"],
    )
    watch = Watch()
    page = lab.open(chrome, f"player_{lang}.ipynb", watch)
    yield Player(page, watch, lang)
    page.close()


def test_the_player_steps_and_plays_to_the_verdict(player):
    player.choose(1)
    assert player.root.locator(".tok").count() == 0
    player.press("on")
    player.press("on")
    one = player.written()
    player.press("on")
    assert player.written() != one
    player.press("back")
    assert player.written() == one
    player.press("play")
    player.root.get_by_role("button", name=player.words["pause"], exact=True).wait_for()
    player.root.locator(".said.right, .said.wrong").nth(1).wait_for()
    marks = player.root.locator(".side .mark")
    assert marks.count() == 2


def test_the_budget_cuts_the_thinking(player):
    player.choose(2)
    player.press("end")
    whole = player.written()[1]
    top = int(player.root.locator("input[type=range]").get_attribute("max"))
    texts = set()
    for tokens in (0, top // 2, top):
        player.budget(tokens)
        texts.add(player.written()[1])
        assert (player.root.locator(".forced").count() == 1) == (tokens < top)
    assert len(texts) == 3 and whole in texts
    assert player.root.locator(".strip rect").count() == top + 2


def test_a_story_of_ones_own_comes_with_a_warning(player):
    player.root.locator("input[type=text]").fill(player.words["story"])
    before = player.root.locator(".list button").count()
    player.press("own")
    player.root.locator(".outside").wait_for()
    assert player.root.locator(".list button").count() == before + 1
    assert "700" in player.root.locator(".story").inner_text()
    player.choose(0)
    assert player.root.locator(".outside").is_hidden()


def test_the_player_works_from_the_keyboard(player):
    player.choose(0)
    focused = "document.activeElement"
    player.page.keyboard.press("ArrowRight")
    player.page.keyboard.press("Enter")
    assert player.page.evaluate(f"{focused}.getAttribute('aria-pressed')") == "true"
    for _ in range(3):  # the own story, its button, play
        player.page.keyboard.press("Tab")
    player.page.keyboard.press("Enter")
    player.root.locator(".side .tok").first.wait_for()
    player.root.locator("input[type=range]").focus()
    full = player.root.locator("output").inner_text()
    player.page.keyboard.press("ArrowLeft")
    assert player.root.locator("output").inner_text() != full
    assert player.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"


def test_the_player_stands_out_and_fits(player, theme):
    player.choose(5)
    player.press("end")
    wear(player.page, theme)
    player.page.wait_for_timeout(500)
    assert player.root.evaluate(POOR_CONTRAST) == []
    for width in (600, 1100):
        player.page.set_viewport_size({"width": width, "height": 900})
        player.page.wait_for_timeout(300)
        assert player.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    assert nameless(player.root, "button, input, section") == []


def test_the_player_fails_at_nothing_and_asks_nobody_else(player):
    assert player.watch.failed == [] and player.watch.outside == [] and player.watch.errors == []


def test_the_player_moves_without_python(player):
    player.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    player.choose(3)
    player.press("end")
    whole = player.written()
    player.budget(4)
    assert player.written() != whole and player.root.locator(".forced").count() == 1
    player.press("own")
    player.root.get_by_role("alert").wait_for()


# ---- the distillation explorer


DISTILL = {
    "zh": {"draw": "抽一个词", "many": "再抽 100 个", "clear": "清空", "look": "看这里", "other": "晚饭我们吃"},
    "en": {"draw": "Draw one word", "many": "Draw 100 more", "clear": "Clear", "look": "Look here",
           "other": "For dinner we are having"},
}  # fmt: skip


class Distill:
    """A notebook with the distillation explorer, its students untrained; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.words, self.root = page, watch, DISTILL[lang], page.locator(".aigc.distill")
        self.root.wait_for()
        self.heat, self.moment = (self.root.locator("input[type=range]").nth(i) for i in (0, 1))

    def press(self, word):
        self.root.get_by_role("button", name=self.words[word], exact=True).click()

    def shares(self, kind):
        return self.root.locator(f".candidate .p.{kind}").all_inner_texts()

    def look(self, text):
        before = self.shares("soft")
        self.root.locator("input[type=text]").fill(text)
        self.press("look")
        self.page.wait_for_function(
            "old => [...document.querySelectorAll('.distill .p.soft')].map(p => p.innerText).join() !== old",
            arg=",".join(before),
        )


@pytest.fixture(scope="module", params=["zh", "en"])
def distill(request, lab, chrome):
    lang = request.param
    head = (
        "from aigc_course import hub\n"
        "from aigc_course.i18n import set_lang\n"
        "from aigc_course.train.lm_students import build\n"
        "from aigc_course.widgets.distillation import DistillationExplorer\n"
        f"set_lang('{lang}')\n"
        "lm = hub.load_lm('lm', 'cpu')\n"
        "one, other = (build(len(lm[1]), seed) for seed in (1, 2))"
    )
    show = "DistillationExplorer({'a': [(1, one), (50, lm[0])], 'b': [(1, one), (9, one), (50, other)]}, teacher=lm)"
    lab.write(f"distill_{lang}.ipynb", [head, show])
    watch = Watch()
    page = lab.open(chrome, f"distill_{lang}.ipynb", watch)
    yield Distill(page, watch, lang)
    page.close()


def test_heat_flattens_the_soft_labels(distill):
    soft, truth = distill.shares("soft"), distill.shares("truth")
    distill.heat.fill("75")
    assert float(distill.shares("soft")[0].strip("%<")) < float(soft[0].strip("%")) / 3
    assert float(distill.shares("soft")[-1].strip("%")) > 50  # the others
    assert distill.shares("truth") == truth and truth[0] == "70.0%"
    distill.heat.fill("25")
    assert distill.shares("soft") == soft


def test_drawn_words_come_close_to_the_truth(distill):
    distill.press("draw")
    assert sorted(distill.shares("hard"))[-1] == "100%"
    for _ in range(5):
        distill.press("many")
    assert abs(float(distill.shares("hard")[0].strip("%")) - 70) < 8
    distill.press("clear")
    assert set(distill.shares("hard")) == {""}


def test_a_student_at_its_moments_and_another_student(distill):
    assert distill.shares("pupil") == distill.shares("soft")  # the last moment of this one is the teacher
    distill.moment.fill("0")
    first = distill.shares("pupil")
    assert first != distill.shares("soft")
    distill.root.locator("select").nth(1).select_option(label="b")
    assert distill.shares("pupil") == first and distill.moment.get_attribute("max") == "2"
    distill.moment.fill("2")
    assert distill.shares("pupil") != first


def test_another_beginning_and_one_without_a_truth(distill):
    distill.look(distill.words["other"])
    assert distill.root.locator("select").first.input_value() == distill.words["other"]
    assert distill.root.locator(".facts dd").count() == 4
    distill.look("公园公园")
    assert distill.root.locator(".about").is_visible() and distill.root.locator(".facts dd").count() == 2
    assert distill.root.get_by_role("button", name=distill.words["draw"], exact=True).is_disabled()
    distill.root.locator("select").first.select_option(distill.words["other"])
    distill.root.locator(".about").wait_for(state="hidden")


def test_the_distillation_explorer_stands_out_and_fits(distill, theme):
    distill.press("draw")
    wear(distill.page, theme)
    distill.page.wait_for_timeout(500)
    assert distill.root.evaluate(POOR_CONTRAST) == []
    for width in (600, 1100):
        distill.page.set_viewport_size({"width": width, "height": 900})
        distill.page.wait_for_timeout(300)
        assert distill.root.evaluate("root => root.scrollWidth <= root.clientWidth")


def test_the_distillation_explorer_works_from_the_keyboard(distill):
    distill.heat.focus()
    before = distill.shares("soft")
    distill.page.keyboard.press("ArrowRight")
    assert distill.shares("soft") != before
    distill.page.keyboard.press("Tab")
    distill.page.keyboard.press("Enter")  # draw
    assert any(distill.shares("hard"))
    assert distill.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert nameless(distill.root, "button, input, select, section") == []


def test_the_distillation_explorer_fails_at_nothing_and_asks_nobody_else(distill):
    assert distill.watch.failed == [] and distill.watch.outside == [] and distill.watch.errors == []
