"""The denoising desk: what Python sends against the lesson's own functions, its still picture, and in a browser."""

import io
import re

import numpy as np
import pytest
import test_browser
import tiny
import torch
from browser import Watch, nameless, too_wide, wear
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image
from test_widgets import inside

from aigc_course import hub
from aigc_course.cross_attention import attention_maps
from aigc_course.diffusion import decode
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets import diffusion
from aigc_course.widgets.diffusion import DenoisingDesk, coloured, colouring

PROMPTS = ["a red circle on a white background", "a red star"]
SEEDS, GUIDANCES, STEPS = (1, 2), (0.0, 3.0), 4


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("painters")
    return {like: tiny.painter(root / like, like) for like in ("bundled", "sd1")}


@pytest.fixture(scope="module")
def painters(folders):
    return {like: hub.load_painter(str(folder), tier="cpu") for like, folder in folders.items()}


def sheet(run: dict) -> np.ndarray:
    """(2 · steps, height, width, 3), in the order of `_decoded`."""
    pixels = np.asarray(Image.open(io.BytesIO(run["sheet"])).convert("RGB"))
    return np.concatenate([part for row in np.split(pixels, 2) for part in np.split(row[None], STEPS, 2)])


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(DenoisingDesk._esm), str(DenoisingDesk._css)
    assert "export default { render }" in script and ".desk" in style
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("like", ["bundled", "sd1"])
def test_every_painting_is_the_one_that_the_lesson_paints(painters, like, monkeypatch):
    lossy = diffusion._file
    monkeypatch.setattr(diffusion, "_file", lambda picture, kind, **settings: lossy(picture, kind, lossless=True))
    painter = painters[like]
    desk = DenoisingDesk(painter, PROMPTS, SEEDS, GUIDANCES, STEPS)
    settings = [(p, s, g) for p in PROMPTS for s in SEEDS for g in GUIDANCES]
    assert len(desk.runs) == len(settings) and desk.seeds == list(SEEDS) and desk.guidances == list(GUIDANCES)
    sheets = [sheet(run).astype(int) for run in desk.runs]
    for i, (prompt, seed, guidance) in enumerate(settings):
        watched = attention_maps(painter, prompt, seed, guidance=guidance, steps=STEPS)
        assert desk.prompts[PROMPTS.index(prompt)] == {"text": prompt, "words": watched.words}
        assert desk.sizes["maps"] == list(watched.maps.shape[-2:])
        sent = np.frombuffer(desk.runs[i]["maps"], np.uint8).reshape(watched.maps.shape)
        np.testing.assert_allclose((sent / 255) ** 2, watched.maps.numpy(), atol=1 / 255)
        latents = torch.cat([s.before for s in watched.path] + [s.original for s in watched.path])
        true = decode(painter, latents).astype(int)
        assert desk.sizes["picture"] == list(true.shape[1:3]) and true.shape == sheets[i].shape
        off = [np.abs(true - other).mean() for other in sheets]
        same = [j for j, (_, s, g) in enumerate(settings) if (s, g) == (seed, guidance) and (j == i or g == 0)]
        assert int(np.argmin(off)) in same and off[i] < 0.5
        assert desk.levels == [
            [s.t, pytest.approx(float(painter.scheduler.alphas_cumprod[s.t]), abs=1e-4)] for s in watched.path
        ]
        assert len(desk.runs[i]["latents"]) == STEPS * np.prod(desk.sizes["latents"]) * 3


def test_colours_are_the_best_mix_of_the_channels():
    rng = np.random.default_rng(0)
    latents = torch.from_numpy(rng.normal(size=(6, 5, 4, 4)).astype(np.float32))
    mix = np.concatenate([rng.normal(0, 12, (5, 3)), np.full((1, 3), 128.0)])
    pictures = coloured(latents, mix)
    assert pictures.shape == (6, 4, 4, 3) and pictures.min() > 0 and pictures.max() < 255
    large = pictures.repeat(8, 1).repeat(8, 2)
    np.testing.assert_allclose(colouring(latents, large), mix, atol=0.3)
    assert np.abs(coloured(latents, colouring(latents, large)).astype(int) - pictures).max() <= 1


def test_large_pictures_are_made_smaller_for_the_page(painters, monkeypatch):
    monkeypatch.setattr(diffusion, "LARGEST", 32)
    desk = DenoisingDesk(painters["bundled"], PROMPTS[:1], (1,), (1.0,), STEPS)
    assert desk.sizes["picture"] == [32, 32] and sheet(desk.runs[0]).shape == (2 * STEPS, 32, 32, 3)
    inside(desk.static_svg())


def test_a_prompt_without_words_has_no_maps(painters):
    desk = DenoisingDesk(painters["bundled"], ["", "a star"], (1,), (1.0,), STEPS)
    assert desk.prompts[0] == {"text": "", "words": []} and desk.runs[0]["maps"] == b"" and desk.runs[1]["maps"]
    inside(desk.static_svg())


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"prompts": []}, "three lists"),
        ({"prompts": "a red star"}, "three lists"),
        ({"seeds": ()}, "three lists"),
        ({"seeds": 1}, "three lists"),
        ({"guidances": 3.0}, "three lists"),
        ({"guidances": []}, "three lists"),
        ({"steps": 51}, "50"),
        ({"steps": 0}, "0"),
        ({"steps": "20"}, "whole number"),
        ({"seeds": ["x"]}, "whole number"),
        ({"guidances": [float("inf")]}, "finite"),
        ({"prompts": ["red " * 40]}, "too long"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_both_languages(painters, how, word):
    with pytest.raises(CourseError) as error:
        DenoisingDesk(painters["bundled"], **{"prompts": PROMPTS, "steps": STEPS} | how)
    assert word in error.value.en and error.value.zh


@pytest.mark.parametrize("lang", LANGS)
def test_the_usual_desk_is_small_and_its_prompts_differ_in_one_word(painters, lang):
    set_lang(lang)
    desk = DenoisingDesk(painters["bundled"], seeds=(1,), guidances=(0, 3, 7.5))
    one, other = (prompt["words"] for prompt in desk.prompts)
    assert sum(a != b for a, b in zip(one, other, strict=True)) == 1
    assert desk.chosen == 1 and len(desk.levels) == 20
    # a painter that has learned something needs less than half of this: noise is hard to compress
    assert sum(len(part) for run in desk.runs for part in run.values()) < 6 * 110_000
    picture = desk.static_svg()
    assert len(picture) < 60_000 and desk.prompts[0]["text"] in inside(picture) and picture == desk.static_svg()
    assert picture.count("<image") == 15


def test_the_still_picture_stands_beside_the_page(painters):
    desk = DenoisingDesk(painters["bundled"], PROMPTS[:1], (1,), (1.0,), 1)
    data, _ = InteractiveShell.instance().display_formatter.format(desk)
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
    assert data["image/svg+xml"].count("<image") == 3  # a single step
    inside(DenoisingDesk(painters["bundled"], ["a red star " * 5], (1,), (1.0,), 2).static_svg())


# ---- in a browser

WORDS = {
    "zh": {"play": "播放", "pause": "暂停", "words": "红色", "acts": "“红色”管哪里"},
    "en": {"play": "Play", "pause": "Pause", "words": "red", "acts": "Where “red” acts"},
}
FRAMES = "all => all.map(c => c.toDataURL())"


class Desk:
    """A notebook with the desk; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.words, self.root = page, watch, WORDS[lang], page.locator(".aigc.desk")
        page.locator(".aigc.desk[data-ready]").wait_for()
        self.slider = self.root.get_by_role("slider")

    def frames(self):
        """The three large pictures."""
        return self.root.locator("figure canvas").evaluate_all(FRAMES)

    def tiles(self):
        return self.root.locator(".words canvas").evaluate_all(FRAMES)

    def choose(self, key, i):
        self.root.locator(f".{key} button").nth(i).click()


@pytest.fixture(scope="module", params=["zh", "en"])
def desk(request, lab, chrome, folders):
    lang = request.param
    head = (
        "from aigc_course import hub\nfrom aigc_course.i18n import set_lang\n"
        "from aigc_course.widgets.diffusion import DenoisingDesk\n"
        f"set_lang('{lang}')\npainter = hub.load_painter({str(folders['bundled'])!r}, tier='cpu')"
    )
    lab.write(f"desk_{lang}.ipynb", [head, "DenoisingDesk(painter, seeds=(1, 2), guidances=(0, 3), steps=8)"])
    watch = Watch()
    page = lab.open(chrome, f"desk_{lang}.ipynb", watch)
    yield Desk(page, watch, lang)
    page.close()


@pytest.mark.browser
def test_the_steps_and_every_choice_change_the_pictures(desk):
    desk.slider.fill("4")
    before = desk.frames()
    assert len(set(before)) == 3
    for key in ("prompt", "seed", "guidance"):
        desk.choose(key, 1 if key != "guidance" else 0)
        assert all(a != b for a, b in zip(desk.frames(), before, strict=True)), key
        desk.choose(key, 0 if key != "guidance" else 1)
        assert desk.frames() == before
    desk.slider.fill("5")
    assert all(a != b for a, b in zip(desk.frames(), before, strict=True))
    desk.slider.fill("1")
    first = desk.frames()
    desk.choose("prompt", 1)
    assert desk.frames()[0] == first[0] and desk.frames()[2] != first[2]  # all begin with the same noise
    desk.choose("prompt", 0)


@pytest.mark.browser
def test_it_plays_to_the_end_and_pauses(desk):
    desk.slider.fill("1")
    play = desk.root.locator(".play")
    assert play.inner_text() == desk.words["play"]
    play.click()
    desk.page.wait_for_function("document.querySelector('.desk [type=range]').value > 1")
    assert play.inner_text() == desk.words["pause"]
    play.click()
    at = desk.slider.input_value()
    desk.page.wait_for_timeout(800)
    assert desk.slider.input_value() == at and play.inner_text() == desk.words["play"]
    play.click()
    desk.page.wait_for_function("document.querySelector('.desk [type=range]').value === '8'")
    desk.page.wait_for_function(
        "word => document.querySelector('.desk .play').innerText === word", arg=desk.words["play"]
    )
    play.click()  # and from the start again
    desk.page.wait_for_function("document.querySelector('.desk [type=range]').value < 8")
    play.click()


@pytest.mark.browser
def test_a_word_is_enlarged_and_kept(desk):
    desk.slider.fill("3")
    word = desk.root.locator(".words button").filter(has_text=desk.words["words"])
    caption = desk.root.locator("figcaption b").nth(2)
    plain, name = desk.frames(), caption.inner_text()
    word.hover()
    assert caption.inner_text() == desk.words["acts"] and desk.frames()[2] != plain[2]
    assert desk.frames()[:2] == plain[:2]
    desk.root.locator(".heading").hover()
    assert caption.inner_text() == name and desk.frames() == plain
    word.click()
    desk.root.locator(".heading").click()
    assert caption.inner_text() == desk.words["acts"] and word.get_attribute("aria-pressed") == "true"
    before = desk.tiles()
    desk.root.get_by_role("checkbox").check()
    assert desk.tiles() != before
    desk.root.get_by_role("checkbox").uncheck()
    desk.slider.fill("6")
    assert desk.tiles() != before and caption.inner_text() == desk.words["acts"]
    word.click()
    desk.root.locator(".heading").click()
    assert caption.inner_text() == name


@pytest.mark.browser
def test_the_desk_works_from_the_keyboard(desk):
    focused = "document.activeElement"
    press = desk.page.keyboard.press
    cells = desk.page.locator(".jp-Cell").count()
    desk.slider.fill("3")
    desk.slider.focus()
    press("ArrowRight")
    assert desk.slider.input_value() == "4"
    press("Home")
    assert desk.slider.input_value() == "1" and "1" in desk.slider.get_attribute("aria-valuetext")
    press("Shift+Tab")
    assert "play" in desk.page.evaluate(f"{focused}.className")
    press("Shift+Tab")
    press("ArrowLeft")
    press("Enter")
    assert desk.page.evaluate(f"{focused}.getAttribute('aria-pressed')") == "true"
    press("End")
    press("Enter")
    desk.slider.focus()
    press("Tab")  # the checkbox
    press("Tab")
    assert desk.page.evaluate(f"{focused}.closest('.words') !== null")
    name = desk.root.locator("figcaption b").nth(2).inner_text()
    press("ArrowRight")
    assert desk.root.locator("figcaption b").nth(2).inner_text() != name
    assert desk.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    press("d")
    press("d")
    assert desk.page.locator(".jp-Cell").count() == cells


@pytest.mark.browser
def test_the_desk_stands_out_and_fits(desk, theme):
    wear(desk.page, theme)
    desk.page.wait_for_timeout(500)
    assert desk.root.evaluate(test_browser.POOR_CONTRAST) == []
    for width in (600, 700, 1280):
        desk.page.set_viewport_size({"width": width, "height": 900})
        desk.page.wait_for_timeout(300)
        assert desk.root.evaluate("root => root.scrollWidth <= root.clientWidth")
        assert too_wide(desk.root) == []
    assert nameless(desk.root, "button, input, section, canvas:not([aria-hidden])") == []


@pytest.mark.browser
def test_the_desk_moves_without_python_and_asks_nobody(desk):
    desk.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    desk.slider.fill("2")
    before = desk.frames()
    desk.choose("seed", 1)
    assert desk.frames() != before
    desk.choose("seed", 0)
    assert desk.watch.failed == [] and desk.watch.outside == [] and desk.watch.errors == []
