"""The attention viewer: what Python sends against the lesson's own functions, its still picture, and in a browser."""

import json
import random
import re
from itertools import product

import numpy as np
import pytest
import test_browser
import torch
from browser import Watch, nameless, too_wide, wear
from IPython.core.interactiveshell import InteractiveShell
from test_widgets import inside
from tiny import checkpoint, llama, tokenizer

from aigc_course import grammar, hub, sampling
from aigc_course.attention import forward
from aigc_course.errors import CourseError
from aigc_course.heads import head_means
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets.attention import CANDIDATES, LIKELIEST, LONGEST, REFERENCE, AttentionViewer
from aigc_course.widgets.labels import token_labels

TEXTS = ["今天天气不错，我决定去龘🌟。", "The weather is nice today, so I decided", "park"]
LONG = " ".join(["It", *["is"] * 62])  # 64 tokens with the start
SENTENCE = {"zh": "今天天气不错，我决定去公园。", "en": "The weather is nice today, so I decided to go to the park."}


def loud(model):
    """Larger matrices: attention far from even, and heads that matter."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(6 if weight.ndim > 1 else 1)
    return model


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    model, words = hub.load_lm(str(checkpoint(tmp_path_factory.mktemp("lm"))), "cpu")
    return loud(model), words


def sent(one: dict, key: str, kind: str, *shape: int) -> np.ndarray:
    return np.frombuffer(one[key], kind).reshape(shape) / np.iinfo(kind).max


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(AttentionViewer._esm), str(AttentionViewer._css)
    assert "export default { render }" in script and ".viewer" in style
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


# ---- what Python sends


def test_every_number_is_the_one_that_the_lesson_computes(toy):
    model, words = toy
    weights, config = model.state_dict(), model.config
    viewer = AttentionViewer(TEXTS[:2], toy, reference=TEXTS[2:])
    means = head_means(weights, config, torch.tensor([words(TEXTS[2])["input_ids"]]))
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    assert viewer.size == [layers, heads] and [one["text"] for one in viewer.texts] == TEXTS[:2]
    ids_of = dict(zip(token_labels(words, range(300)), range(300), strict=True))
    assert len(ids_of) == 300
    moved = 0
    for one in viewer.texts:
        ids = words(one["text"])["input_ids"]
        n, total, k = len(ids), layers * heads, len(one["candidates"][0])
        whole = forward(weights, config, torch.tensor([ids]), keep=True)
        attention = torch.cat(whole.attention)[:, :, :n].reshape(total, n, n).numpy()
        np.testing.assert_allclose(sent(one, "attention", "u1", total, n, n), attention, atol=0.51 / 255)
        shares, effects = sent(one, "shares", "<u2", 1 + total, n, k), sent(one, "effects", "u1", n, total)
        before = whole.logits[0].softmax(-1)
        chosen = torch.tensor([[ids_of[label] for label in row] for row in one["candidates"]])
        np.testing.assert_allclose(shares[0], before.gather(-1, chosen).numpy(), atol=1e-5)
        for head in range(total):
            at = divmod(head, heads)
            after = forward(weights, config, torch.tensor([ids]), ablate={at: means[at]}).logits[0].softmax(-1)
            np.testing.assert_allclose(shares[1 + head], after.gather(-1, chosen).numpy(), atol=1e-5)
            expected = (after - before).abs().sum(-1) / 2
            np.testing.assert_allclose(effects[:, head], expected.numpy(), atol=0.51 / 255)
            moved = max(moved, float(expected.max()))
        for place, row in enumerate(chosen.tolist()):
            assert k == CANDIDATES == len(set(row))
            assert set(before[place].topk(LIKELIEST).indices.tolist()) <= set(row)
            true = one["true"][place]
            assert true == -1 if place == n - 1 else row[true] == ids[place + 1]
    assert moved > 0.1, "no head of this model matters: the test would see nothing"


def test_a_token_that_only_an_ablation_makes_likely_is_shown():
    model = loud(loud(llama(300, pad_token_id=0)))
    words = tokenizer()
    viewer = AttentionViewer(TEXTS[1], (model, words))
    one, (layers, heads) = viewer.texts[0], viewer.size
    ids = torch.tensor([words(TEXTS[1])["input_ids"]])
    weights, config = model.state_dict(), model.config
    means = head_means(weights, config, ids)
    settings = [{}, *({at: means[at]} for at in product(range(layers), range(heads)))]
    chances = torch.stack([forward(weights, config, ids, ablate=each).logits[0].softmax(-1) for each in settings])
    best = chances.amax(0)
    # the winner over all settings is not among the likeliest of the whole model
    risen = (chances[0].gather(-1, best.argmax(-1)[:, None]) < chances[0].topk(LIKELIEST).values[:, -1:])[:, 0]
    assert risen.any()
    shown = sent(one, "shares", "<u2", len(settings), ids.shape[1], CANDIDATES)
    np.testing.assert_allclose(shown.max((0, 2)), best.amax(-1).numpy(), atol=1e-5)


def test_what_the_means_are_taken_over(toy):
    alone, both = AttentionViewer(TEXTS[1], toy), AttentionViewer(TEXTS[:2], toy)
    assert alone.reference["en"] == "this text alone" and "2" in both.reference["zh"]
    assert alone.texts[0]["shares"] != both.texts[1]["shares"]
    given = AttentionViewer(TEXTS[1], toy, reference=TEXTS[:2])
    assert given.texts[0]["shares"] == both.texts[1]["shares"] and "2" in given.reference["en"]
    usual = AttentionViewer(SENTENCE["zh"], "lm")
    rng = random.Random(0)
    documents = [grammar.sample(rng) for _ in range(REFERENCE)]
    same = AttentionViewer(SENTENCE["zh"], "lm", reference=documents)
    assert usual.texts == same.texts and str(REFERENCE) in usual.reference["zh"]


def test_pieces_of_characters_are_joined_and_nothing_is_unreadable(toy):
    viewer = AttentionViewer(TEXTS, toy)
    for one, text in zip(viewer.texts, TEXTS, strict=True):
        assert "\ufffd" not in json.dumps([one["labels"], one["shared"], one["candidates"]], ensure_ascii=False)
        assert all(one["labels"]) and all(all(row) for row in one["candidates"])
        said = list(one["labels"])
        for character, first, end in reversed(one["shared"]):
            assert all(label.startswith("⟨") for label in said[first:end])
            said[first:end] = [character]
        assert "".join(said).replace("␣", " ") == text
    assert {"龘", "🌟"} <= {character for character, _, _ in viewer.texts[0]["shared"]}


def test_the_focus_and_the_head_shown_first(toy):
    labels = AttentionViewer(TEXTS, toy).texts
    assert [one["focus"] for one in labels] == [len(one["labels"]) - 1 for one in labels]
    assert [one["focus"] for one in AttentionViewer(TEXTS[:2], toy, focus=3).texts] == [3, 3]
    found = AttentionViewer(TEXTS[:2], toy, focus="天").texts
    said = found[0]["labels"]
    before = "".join(said[: found[0]["focus"] + 1])
    assert "天" in (before[-1], "".join(c for c, _, end in found[0]["shared"] if end == found[0]["focus"] + 1))
    assert found[1]["focus"] == len(found[1]["labels"]) - 1
    words = AttentionViewer(SENTENCE["en"], "lm", focus="today").texts[0]
    assert words["labels"][words["focus"]] == "␣today"
    words = AttentionViewer(SENTENCE["en"], "lm", focus="to").texts[0]
    assert words["focus"] == max(i for i, label in enumerate(words["labels"]) if label == "␣to")  # the last one
    viewer = AttentionViewer(TEXTS[1], toy, focus=4)
    effects = sent(viewer.texts[0], "effects", "u1", len(viewer.texts[0]["labels"]), -1)
    assert effects[4, viewer.chosen] == effects[4].max()
    assert AttentionViewer(TEXTS[1], toy, head=(1, 2)).chosen == 6


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"texts": []}, "1 to 8"),
        ({"texts": ["park it"] * 9}, "1 to 8"),
        ({"texts": ["park it", None]}, "1 to 8"),
        ({"texts": 3}, "1 to 8"),
        ({"texts": ""}, "empty"),
        ({"texts": "T"}, "fewer than two"),
        ({"texts": "park " * 90}, str(LONGEST)),
        ({"texts": "\ud83d it"}, "surrogate"),
        ({"focus": "moon"}, "moon"),
        ({"focus": ""}, "holds"),
        ({"focus": 99}, "99"),
        ({"focus": -1}, "whole number"),
        ({"focus": 1.0}, "whole number"),
        ({"head": (2, 0)}, "(2, 0)"),
        ({"head": 1}, "no head 1"),
        ({"head": (0, -1)}, "heads from 0 to 3"),
        ({"reference": []}, "reference"),
        ({"reference": "park"}, "reference"),
        ({"model": "gpt-9"}, "gpt-9"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_both_languages(toy, how, word):
    with pytest.raises(CourseError) as error:
        AttentionViewer(**{"texts": TEXTS[1], "model": toy} | how)
    assert word in error.value.en and error.value.zh


def test_the_start_alone_is_too_short():
    with pytest.raises(CourseError, match=r"longer|长"):
        AttentionViewer("", "lm")


def test_a_model_that_the_lesson_cannot_run_is_refused():
    with pytest.raises(CourseError) as error:
        AttentionViewer(TEXTS[1], (llama(300, hidden_act="gelu", pad_token_id=0), tokenizer()))
    assert "Llama" in error.value.en


def test_groups_of_heads_and_half_precision(tmp_path):
    model, words = hub.load_lm(str(checkpoint(tmp_path, "Qwen3")), "cpu")
    full = AttentionViewer(TEXTS[1], (loud(model), words)).texts[0]
    half = AttentionViewer(TEXTS[1], (model.to(torch.bfloat16), words)).texts[0]
    assert full["labels"] == half["labels"] and len(full["attention"]) == len(half["attention"])
    n = len(full["labels"])
    gap = np.abs(sent(full, "attention", "u1", 8, n, n) - sent(half, "attention", "u1", 8, n, n))
    assert 0 < gap.max() < 0.05


# ---- the still picture


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture_fits_and_says_where_each_head_looks(lang):
    set_lang(lang)
    viewer = AttentionViewer(SENTENCE[lang], "lm")
    picture = viewer.static_svg()
    words = inside(picture)
    assert len(picture) < 40_000 and picture == AttentionViewer(SENTENCE[lang], "lm").static_svg()
    one = viewer.texts[0]
    n = len(one["labels"])
    seen = sent(one, "attention", "u1", 12, n, n)[:, one["focus"]]
    for head in range(12):
        title = ("头 ({}, {})" if lang == "zh" else "head ({}, {})").format(*divmod(head, 4))
        at = words.index(title)
        # its share without it, then the place that it looks at most
        assert words[at + 2] == one["labels"][seen[head].argmax()]
        assert words[at + 3] == f"{round(100 * seen[head].max())}%"


def test_still_pictures_of_many_tokens_and_heads(toy):
    model = loud(llama(300, num_hidden_layers=6, num_attention_heads=8, hidden_size=64))
    viewer = AttentionViewer([("park " * 80)[:LONGEST], *TEXTS], (model, tokenizer()))
    assert viewer.size == [6, 8] and len(inside(viewer.static_svg())) > 40
    assert len(viewer.static_svg()) < 40_000
    for focus in (0, 1, 20):
        long = AttentionViewer("龘🌟 supercalifragilistic ", toy, focus=focus)
        assert "\ufffd" not in "".join(inside(long.static_svg()))


def test_the_still_picture_stands_beside_the_page(toy):
    data, _ = InteractiveShell.instance().display_formatter.format(AttentionViewer(TEXTS[1], toy))
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}


def test_64_tokens_are_small_enough_to_send():
    rng = random.Random(1)
    words = " ".join(grammar.sample(rng, "en") for _ in range(8)).split()
    _, lm = hub.load_lm("lm", "cpu")
    while len(sampling.encode(lm, " ".join(words))) > LONGEST:
        words.pop()
    viewer = AttentionViewer(" ".join(words), "lm")
    one = viewer.texts[0]
    assert len(one["labels"]) == LONGEST
    assert sum(len(part) for part in one.values() if isinstance(part, bytes)) < 70_000


# ---- in a browser

WORDS = {
    "zh": {"on": "关掉头 (0, 1)", "off": "重新打开头 (0, 1)", "whole": "整个模型", "from": "从“今天”"},
    "en": {"on": "Switch head (0, 1) off", "off": "Switch head (0, 1) on again", "whole": "whole model",
           "from": "From “is”"},
}  # fmt: skip


class Viewer:
    """A notebook with the viewer; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.root = page.locator(".aigc.viewer")
        self.root.wait_for()
        self.tokens, self.heads = self.root.locator("button.token"), self.root.locator("button.head")
        self.toggle = self.root.locator("button.toggle")

    def says(self):
        return self.root.locator(".says").inner_text()

    def shares(self):
        return self.root.locator(".token .share").all_inner_texts()

    def looks(self):
        """What stands under the square of each head."""
        return self.heads.all_inner_texts()

    def next(self):
        return self.root.locator(".candidate:not([hidden])").all_inner_texts()

    def begin(self):
        """The first text, its last token, head 1 of layer 0 switched on; the pointer elsewhere."""
        if self.toggle.get_attribute("aria-pressed") == "true":
            self.toggle.click()
        self.root.locator("select").select_option("0")
        self.heads.nth(1).click()
        self.tokens.last.click()
        self.root.locator(".heading").hover()


@pytest.fixture(scope="module", params=["zh", "en"])
def viewer(request, lab, chrome):
    lang = request.param
    head = (
        "from aigc_course.i18n import set_lang\n"
        "from aigc_course.widgets.attention import AttentionViewer\n"
        f"set_lang('{lang}')"
    )
    texts = [SENTENCE[lang], "龘🌟" if lang == "zh" else "café 🌟", LONG]
    lab.write(f"viewer_{lang}.ipynb", [head, f"AttentionViewer({texts!r})"])
    watch = Watch()
    page = lab.open(chrome, f"viewer_{lang}.ipynb", watch)
    yield Viewer(page, watch, lang)
    page.close()


@pytest.mark.browser
def test_the_page_shows_what_python_sent(viewer):
    viewer.begin()
    still = AttentionViewer(SENTENCE[viewer.lang], "lm", head=(0, 1))
    one = still.texts[0]
    n = len(one["labels"])
    assert viewer.tokens.locator(".word").all_inner_texts() == one["labels"]
    seen = sent(one, "attention", "u1", 12, n, n)
    for place in (1, n - 1):
        viewer.tokens.nth(place).hover()
        shown = [float(share.strip("%") or 0) / 100 for share in viewer.shares()]
        np.testing.assert_allclose(shown, seen[1, place], atol=0.006)
        for head, looks in enumerate(viewer.looks()):
            assert f"{round(100 * seen[head, place].max())}%" in looks
    first = sent(one, "shares", "<u2", 13, n, CANDIDATES)[0, n - 1].max()
    assert f"{round(100 * first)}%" in viewer.next()[0]


@pytest.mark.browser
def test_pointing_moves_everything_and_a_click_keeps_it(viewer):
    viewer.begin()
    kept = viewer.says(), viewer.shares(), viewer.looks(), viewer.next()
    viewer.tokens.nth(1 if viewer.lang == "zh" else 3).hover()
    moved = viewer.says(), viewer.shares(), viewer.looks(), viewer.next()
    assert all(a != b for a, b in zip(kept, moved, strict=True)) and viewer.words["from"] in moved[0]
    assert viewer.root.locator(".token.later").count() == viewer.tokens.count() - (2 if viewer.lang == "zh" else 4)
    viewer.root.locator(".heading").hover()
    assert (viewer.says(), viewer.shares(), viewer.looks(), viewer.next()) == kept
    viewer.tokens.nth(1 if viewer.lang == "zh" else 3).click()
    viewer.root.locator(".heading").hover()
    assert (viewer.says(), viewer.shares(), viewer.looks(), viewer.next()) == moved
    before = viewer.shares()
    viewer.heads.nth(6).click()
    assert viewer.shares() != before and viewer.heads.nth(6).get_attribute("aria-pressed") == "true"
    assert viewer.looks() == moved[2]


@pytest.mark.browser
def test_a_head_is_switched_off_and_on(viewer):
    viewer.begin()
    place = 4 if viewer.lang == "zh" else 11
    viewer.tokens.nth(place).click()
    before = viewer.next()
    assert viewer.toggle.inner_text() == viewer.words["on"] and viewer.words["whole"] in viewer.root.inner_text()
    viewer.toggle.click()
    assert viewer.toggle.inner_text() == viewer.words["off"] and all("→" in row for row in viewer.next())
    assert viewer.root.locator(".head.off").count() == 1 and str(REFERENCE) in viewer.root.inner_text()
    one = AttentionViewer(SENTENCE[viewer.lang], "lm").texts[0]
    n = len(one["labels"])
    shares = sent(one, "shares", "<u2", 13, n, CANDIDATES)[:, place]
    label = one["candidates"][place][0]
    row = next(row for row in viewer.next() if row.startswith(label))
    assert row.endswith(f"{round(100 * shares[0, 0])}% → {round(100 * shares[2, 0])}%")
    viewer.heads.nth(3).click()  # now this one is off, and the other on
    assert viewer.root.locator(".head.off").count() == 1 and viewer.toggle.inner_text() != viewer.words["off"]
    viewer.toggle.click()
    assert viewer.next() == before and viewer.root.locator(".head.off").count() == 0


@pytest.mark.browser
def test_another_text(viewer):
    viewer.begin()
    choose = viewer.root.locator("select").select_option
    choose("1")
    assert viewer.root.locator(".shared").last.locator(".word").first.inner_text() == "🌟"
    assert viewer.root.locator(".shared .hex").count() >= 4
    for token in viewer.tokens.all():
        token.hover()
        assert "\ufffd" not in viewer.root.inner_text()
    choose("2")
    assert viewer.tokens.count() == 64
    viewer.tokens.nth(63).hover()
    choose("0")
    assert viewer.tokens.locator(".word").first.inner_text() == "<s>"


@pytest.mark.browser
def test_the_viewer_works_from_the_keyboard(viewer):
    focused = "document.activeElement"
    press = viewer.page.keyboard.press
    cells = viewer.page.locator(".jp-Cell").count()
    viewer.begin()
    viewer.tokens.last.focus()
    before = viewer.says()
    press("ArrowLeft")
    assert viewer.says() != before and viewer.tokens.nth(-2).get_attribute("aria-current") == "true"
    press("Home")
    assert viewer.shares()[0] == "100%"
    press("ArrowRight")
    press("Tab")
    assert "toggle" in viewer.page.evaluate(f"{focused}.className")
    press("Enter")
    assert viewer.root.locator(".head.off").count() == 1
    press("Tab")
    assert "head" in viewer.page.evaluate(f"{focused}.className")
    before = viewer.says(), viewer.toggle.inner_text()
    press("ArrowRight")  # the next head is off now
    assert viewer.root.locator(".head.off").count() == 1
    assert all(a != b for a, b in zip(before, (viewer.says(), viewer.toggle.inner_text()), strict=True))
    assert viewer.heads.nth(2).get_attribute("aria-pressed") == "true"
    assert viewer.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    press("d")
    press("d")
    assert viewer.page.locator(".jp-Cell").count() == cells


@pytest.mark.browser
def test_nothing_jumps_while_the_pointer_moves(viewer):
    viewer.begin()
    places = "root => [...root.querySelectorAll('.token, .head')].map(e => JSON.stringify(e.getBoundingClientRect()))"
    first = viewer.root.evaluate(places)
    for place in range(viewer.tokens.count()):
        viewer.tokens.nth(place).hover()
        assert viewer.root.evaluate(places) == first
    viewer.toggle.click()
    assert viewer.root.evaluate(places) == first


@pytest.mark.browser
def test_the_viewer_stands_out_and_fits(viewer, theme):
    viewer.begin()
    viewer.toggle.click()
    wear(viewer.page, theme)
    viewer.page.wait_for_timeout(500)
    for text, place in (("0", 0), ("0", 3), ("1", 2), ("2", 60)):
        viewer.root.locator("select").select_option(text)
        viewer.tokens.nth(place).hover()
        assert viewer.root.evaluate(test_browser.POOR_CONTRAST) == []
        for width in (600, 760, 1280):
            viewer.page.set_viewport_size({"width": width, "height": 900})
            viewer.page.wait_for_timeout(300)
            assert viewer.root.evaluate("root => root.scrollWidth <= root.clientWidth")
            assert too_wide(viewer.root, -10) == []
    assert nameless(viewer.root, "button, input, select, section, canvas:not([aria-hidden])") == []


@pytest.mark.browser
def test_the_viewer_moves_without_python_and_asks_nobody(viewer):
    viewer.begin()
    viewer.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    before = viewer.next()
    viewer.tokens.nth(1).hover()
    assert viewer.next() != before
    viewer.root.locator("select").select_option("1")
    assert viewer.next() != before
    assert viewer.watch.failed == [] and viewer.watch.outside == [] and viewer.watch.errors == []
