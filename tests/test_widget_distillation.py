"""The distillation explorer without a browser: what Python sends and refuses, the still picture."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from aigc_course import grammar, hub
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.train.lm_students import build
from aigc_course.widgets import svg
from aigc_course.widgets.distillation import CONTEXTS, DistillationExplorer


@pytest.fixture(scope="module")
def lm():
    return hub.load_lm("lm", "cpu")


@pytest.fixture(scope="module")
def students(lm):
    vocab = len(lm[1])
    return {"a": [(1, build(vocab, 1)), (50, build(vocab, 2))], "b": [(50, lm[0])]}


@pytest.fixture
def explorer(lm, students):
    return lambda context="": DistillationExplorer(students, context, lm)


def rows(widget, logits=None):
    return np.frombuffer(logits or widget.logits, "<f4").reshape(4, -1)


def test_every_models_own_logits_are_sent_once(explorer, lm, students):
    made = explorer(CONTEXTS["zh"][0])
    ids = torch.tensor([lm[1](CONTEXTS["zh"][0])["input_ids"]])
    models = [lm[0], *(model for moments in students.values() for _, model in moments)]
    with torch.no_grad():
        for row, model in zip(rows(made), models, strict=True):
            np.testing.assert_allclose(row, model(ids).logits[0, -1].numpy(), atol=1e-5)
    assert made.students == [{"name": "a", "steps": [1, 50]}, {"name": "b", "steps": [50]}]
    truth = dict(made.start["truth"])
    assert truth == pytest.approx(grammar.next_token_probs(ids[0].tolist(), lm[1]), abs=1e-6)
    assert set(truth) <= set(dict(made.start["labels"]))


@pytest.mark.parametrize("text", [text for texts in CONTEXTS.values() for text in texts])
def test_the_listed_beginnings_have_a_truth_and_a_choice(text, lm):
    assert grammar.next_token_probs(lm[1](text)["input_ids"], lm[1])


def test_another_context_and_one_that_the_grammar_lacks(explorer, monkeypatch):
    made = explorer()
    reply, (logits,) = made.answer({"context": CONTEXTS["en"][1]})
    assert reply["truth"] and rows(made, logits).shape == rows(made).shape
    assert made.answer({"context": "公园公园"})[0]["truth"] is None
    monkeypatch.setattr("aigc_course.sampling.next_logits", lambda *a: pytest.fail("the models ran again"))
    assert made.answer({"context": CONTEXTS["en"][1]}) == (reply, [logits])


@pytest.mark.parametrize("text, word", [("\ud83d", "surrogate"), ("公园 " * 300, "256")])
def test_refused_in_both_languages(explorer, text, word):
    with pytest.raises(CourseError) as caught:
        explorer().answer({"context": text})
    assert word in caught.value.en and caught.value.zh


@pytest.mark.parametrize("students", [{}, {"a": []}])
def test_no_student_is_refused(students, lm):
    with pytest.raises(CourseError):
        DistillationExplorer(students, teacher=lm)


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture(explorer, lang):
    set_lang(lang)
    made = explorer()
    assert made.context == CONTEXTS[lang][0]
    for text in (made.context, "公园公园", CONTEXTS["en"][0] * 3):
        picture = explorer(text).static_svg()
        root = ET.fromstring(picture)
        _, _, w, h = map(int, root.get("viewBox").split())
        for node in root.iter("{http://www.w3.org/2000/svg}text"):
            x, y, size = int(node.get("x")), int(node.get("y")), int(node.get("font-size"))
            long = svg.width(node.text, size)
            left = x - (long if node.get("text-anchor") == "end" else 0)
            assert left >= 0 and left + long <= w and size <= y <= h - 2, node.text
        assert ({"zh": "真实概率", "en": "truth"}[lang] in picture) == (text == made.context)
    format = InteractiveShell.instance().display_formatter.format
    assert format(made)[0]["image/svg+xml"] == format(explorer())[0]["image/svg+xml"]
