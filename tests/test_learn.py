"""Learning aids: what a form shows and keeps, what a reveal says, what a quiz file may hold, and the page itself."""

import math
import re

import numpy as np
import pytest
from browser import Watch, jupyterlab
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from playwright.sync_api import expect

from aigc_course import course, learn, progress
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang
from aigc_course.widgets.learn import Prediction, SelfCheck

QUESTION = """[[question]]
question_zh = "`T` 变大，分布会怎样？"
question_en = "What does a larger `T` do?"
options_zh = ["更尖", "更平", "不变"]
options_en = ["sharper", "flatter", "nothing"]
answer = 1
why_zh = "差得更少。"
why_en = "They differ less."
"""


@pytest.fixture
def shell(monkeypatch):
    """An IPython, so that display() shows what a notebook would get."""
    monkeypatch.setattr(learn, "_forms", {})
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A quiz `demo`: a function that writes its file."""
    path = tmp_path / "demo.toml"
    monkeypatch.setattr(learn, "quiz_path", lambda slug: path)

    def write(text: str = QUESTION * 5):
        path.write_text(text, encoding="utf-8")
        return path

    return write


def shown(function, *args, **kwargs) -> dict:
    """The mime bundle of the one thing that the call displays."""
    with capture_output() as captured:
        function(*args, **kwargs)
    (output,) = captured.outputs
    return output.data


def ask_number(id="x.p1", unit="words"):
    return shown(learn.predict, id, "How many?", number=True, unit=unit)


def ask_option(id="x.p2"):
    return shown(learn.predict, id, "Which `one`?", options=["a & b", "c"])


def test_a_prediction_is_saved_at_once_and_can_be_changed(shell):
    ask_number()
    learn._forms["x.p1"].value = 70
    assert progress.prediction("x.p1") == 70
    learn._forms["x.p1"].value = 62.5
    assert progress.prediction("x.p1") == 62.5
    learn._forms["x.p1"].value = None
    assert progress.prediction("x.p1") is None


def test_a_prediction_is_there_again_next_time(shell):
    progress.save_prediction("x.p2", 1)
    ask_option()
    assert learn._forms["x.p2"].value == 1


@pytest.mark.parametrize("kept", ["c", -1, 2, True, 1.0, [1], math.nan])
def test_a_prediction_that_no_longer_fits_is_forgotten(shell, kept):
    progress.save_prediction("x.p2", kept)
    ask_option()
    assert learn._forms["x.p2"].value is None
    assert "you said" not in shown(learn.reveal, "x.p2", 1, "S.")["text/plain"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_still_forms_show_the_question_and_no_prediction(shell, lang):
    empty = {}
    for saved in (False, True):
        set_lang(lang)
        if saved:
            progress.save_prediction("x.p1", 70)
            progress.save_prediction("x.p2", 1)
        empty[saved] = [{k: v for k, v in ask().items() if k.startswith("text/")} for ask in (ask_number, ask_option)]
    assert empty[False] == empty[True]
    number, option = (data["text/html"] for data in empty[False])
    assert "How many?" in number and "<code>one</code>" in option and "a &amp; b" in option
    assert ("先写下你的预测" if lang == "zh" else "write down your prediction") in number


def test_reveal_puts_both_side_by_side_and_locks_the_form(shell):
    ask_number()
    learn._forms["x.p1"].value = 60
    data = shown(learn.reveal, "x.p1", 74.23, "On news.")
    assert data["text/plain"] == "you said: 60 words  |  measured: 74.2 words\nPretty close. On news."
    assert "60 words" in data["text/html"] and "74.2 words" in data["text/html"]
    assert learn._forms["x.p1"].locked


@pytest.mark.parametrize(
    "guess, truth, unit, said",
    [
        (1, 0, "%", "Spot on"),
        (5, 0, "%", "Pretty close"),
        (6, 0, "%", "Quite a way off"),
        (5, 0, "words", "Quite a way off"),
        (4, 9, "%", "Pretty close"),
        (95, 100, "%", "Spot on"),
        (69, 99, "%", "Quite a way off"),
    ],
)
def test_a_few_points_are_near_however_small_the_share(shell, guess, truth, unit, said):
    ask_number(unit=unit)
    learn._forms["x.p1"].value = guess
    assert said in shown(learn.reveal, "x.p1", truth, "S.")["text/plain"]


def test_a_truth_that_was_not_measured_says_what_it_is(shell):
    ask_number()
    plain = shown(learn.reveal, "x.p1", 74.23, "On news.", "estimated")["text/plain"]
    assert plain.startswith("estimated: 74.2 words")


def test_reveal_of_an_option(shell):
    ask_option()
    learn._forms["x.p2"].value = 0
    plain = shown(learn.reveal, "x.p2", "c", "S.")["text/plain"]
    assert plain == "you said: a & b  |  in fact: c\nNot what you expected, which is how things stick. S."
    assert "You guessed right" in shown(learn.reveal, "x.p2", np.int64(0), "S.")["text/plain"]
    with pytest.raises(ValueError, match="none of the options"):
        learn.reveal("x.p2", "d", "S.")


def test_reveal_in_chinese(shell):
    set_lang("zh")
    ask_number(unit="个")
    learn._forms["x.p1"].value = 10
    assert shown(learn.reveal, "x.p1", 74, "新闻。")["text/plain"] == (
        "你的预测：10 个  |  测得：74 个\n差得不少，正好说明这里值得细看。新闻。"
    )


def test_without_a_prediction_only_the_truth_and_the_form_stays_open(shell):
    ask_number(unit="%")
    data = shown(learn.reveal, "x.p1", 0.4567, "S.")
    assert data["text/plain"] == "measured: 0.457%\nS." and not learn._forms["x.p1"].locked


def test_reveal_before_its_form(shell):
    with pytest.raises(CourseError, match="Run the cell above"):
        learn.reveal("x.p9", 1, "S.")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (12345.6, "12,346"),
        (0.00012345, "0.000123"),
        (99.96, "100"),
        (-2.5, "-2.5"),
        (0, "0"),
        (1e6, "1,000,000"),
    ],
)
def test_numbers_are_short(value, written):
    assert learn._written(value, "") == written


def test_predict_wants_options_or_a_number():
    for wrong in ({}, {"options": ["a"], "number": True}):
        with pytest.raises(ValueError, match=r"x\.p1"):
            learn.predict("x.p1", "?", **wrong)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_selfcheck_shows_no_answers_and_saves_what_was_right(shell, demo, lang, monkeypatch):
    demo()
    set_lang(lang)
    forms = []
    monkeypatch.setattr(
        learn, "SelfCheck", lambda *args, **kwargs: forms.append(SelfCheck(*args, **kwargs)) or forms[-1]
    )
    data = shown(learn.selfcheck, "demo")
    assert data["text/plain"] == "SelfCheck"
    assert data["text/html"].count("<ul>") == 5 and not re.search("why|解释|差得更少|differ less", data["text/html"])
    assert ("更平" if lang == "zh" else "flatter") in data["text/html"]
    forms[0].passed = [2]
    forms[0].passed = [0, 2]
    assert progress.load()["checks"] == {"demo.s1": True, "demo.s3": True}
    assert shown(learn.selfcheck, "demo")["text/html"] == data["text/html"]
    assert forms[1].passed == [0, 2]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer = 1", "answer = 3", "answer must be"),
        ("answer = 1", "answer = -1", "answer must be"),
        ("answer = 1", "answer = true", "answer must be"),
        ('"不变"]', '"不变", "乱"]', "same number of options"),
        ('"sharper"', '"flatter"', "two options are the same"),
        ('why_en = "They differ less."', 'why_en = " "', "question and why"),
        ('why_en = "They differ less."', "", "missing or unknown: why_en"),
        ('why_en = "They differ less."', 'why_en = "x"\nwhy_fr = "y"', "missing or unknown: why_fr"),
        ('options_en = ["sharper", "flatter", "nothing"]', 'options_en = "abc"', "options must be lists"),
        ("[[question]]", "[question]", "Cannot read"),
        ('"sharper"', '"sharper', "Cannot read"),
    ],
)
def test_what_is_wrong_with_a_quiz_is_said(demo, old, new, said):
    text = QUESTION * 4 + QUESTION.replace(old, new, 1)
    with pytest.raises(CourseError, match=said) as caught:
        learn.read_quiz(demo(text))
    assert "demo.toml" in caught.value.en and "demo.toml" in caught.value.zh


@pytest.mark.parametrize("text", ["", QUESTION * 4, QUESTION * 6, "title = 1\n" + QUESTION * 5])
def test_a_quiz_has_five_questions_and_nothing_else(demo, text):
    with pytest.raises(CourseError, match="exactly 5"):
        learn.read_quiz(demo(text))


def test_no_quiz(tmp_path):
    with pytest.raises(CourseError, match="Cannot read"):
        learn.read_quiz(tmp_path / "none.toml")


@pytest.mark.parametrize("lesson", [x for x in course.load().lessons if "quiz" in x.parts], ids=lambda x: x.slug)
def test_each_lesson_s_quiz(lesson):
    quiz = learn.read_quiz(learn.quiz_path(lesson.slug))
    assert len({question.answer for question in quiz}) > 1, "the right option is always in the same place"


def test_forms_of_the_same_kind_share_their_page_files():
    assert Prediction._esm == SelfCheck._esm


NOTEBOOK = """from pathlib import Path
from aigc_course import i18n, learn
i18n.set_lang("{lang}")
learn.quiz_path = lambda slug: Path("demo.toml")
learn.predict("{lang}.p1", "N", number=True)
learn.predict("{lang}.p2", "O", options=["a", "b", "c"])
learn.selfcheck("{lang}")"""


expect.set_options(timeout=60_000)


@pytest.mark.browser
def test_the_forms_work_in_jupyterlab_by_keyboard_alone(tmp_path, chrome):
    (tmp_path / "demo.toml").write_text(QUESTION * 5, encoding="utf-8")
    watch = Watch()
    with jupyterlab(tmp_path) as lab:
        for lang in ("zh", "en"):
            lab.write(f"{lang}.ipynb", [NOTEBOOK.format(lang=lang)])
            page = lab.open(chrome, f"{lang}.ipynb", watch)
            use(page, lang)
            page.close()
    assert (watch.failed, watch.outside, watch.errors) == ([], [], [])


def use(page, lang: str) -> None:
    """Predict twice, answer one question wrong and then right, with keys only; look at what the page and Python say."""
    forms = page.locator(".aigc-learn")
    forms.nth(2).wait_for()
    forms.nth(0).locator("input").focus()
    page.keyboard.type("70")
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.type === 'radio'")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(forms.nth(1).locator("input:checked")).to_have_value("1")
    expect(forms.nth(1).get_by_role("status")).to_contain_text("记下了" if lang == "zh" else "Noted")

    first = forms.nth(2).locator("fieldset").nth(0)
    status, why = first.get_by_role("status"), first.locator(".aigc-why")
    first.locator("input").nth(0).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(status).to_contain_text("✗")
    expect(why).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(status).to_have_text("✓ 对了！" if lang == "zh" else "✓ Right!")
    expect(why).to_be_focused()
    expect(forms.nth(2).locator(".aigc-score")).to_have_text("答对 1 / 5 题" if lang == "zh" else "1 of 5 right")

    inputs = page.locator(".aigc-learn input").evaluate_all("all => all.map((e) => e.ariaLabel || e.labels.length)")
    assert len(inputs) == 1 + 3 + 15 and all(inputs)
    assert forms.nth(2).evaluate("e => e.scrollWidth <= e.clientWidth")
    wanted = {"predictions": {f"{lang}.p1": 70, f"{lang}.p2": 1}, "checks": {f"{lang}.s1": True}}
    for _ in range(600):  # Python saves in its own time, each form in its own, and this machine may be busy
        state = progress.load()
        found = {part: {key: state[part].get(key) for key in keys} for part, keys in wanted.items()}
        if found == wanted:
            return
        page.wait_for_timeout(100)
    assert found == wanted
