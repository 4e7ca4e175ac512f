"""The glossary: its own words obey it, and its lint finds what it should and nothing else."""

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from aigc_course import course, glossary, learn
from aigc_course.book import source, terms
from aigc_course.book.lint import source_problems
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang

LESSONS = course.load().lessons


def test_every_term_has_both_forms_and_definitions():
    assert len(glossary.load()) >= 40
    for key, term in glossary.load().items():
        assert all([term.zh, term.en, term.definition_zh, term.definition_en]), key
        assert re.search("[一-鿿]", term.definition_zh) and term.definition_zh.endswith("。"), key
        assert not re.search("[一-鿿]", term.definition_en) and term.definition_en.endswith("."), key
        for lang in ("zh", "en"):
            avoided = getattr(term, f"avoid_{lang}").split("|")
            assert getattr(term, lang) not in avoided and len(set(avoided)) == len(avoided), key


def test_no_right_form_is_forbidden_by_another_term():
    texts = [
        (f"glossary.csv, {key}", lang, f"{getattr(term, lang)}\n{getattr(term, f'definition_{lang}')}")
        for key, term in glossary.load().items()
        for lang in ("zh", "en")
    ]
    assert glossary.problems(texts) == []


def test_forms_stand_once():
    for lang in ("zh", "en"):
        forms = [getattr(term, lang) for term in glossary.load().values()]
        assert len(set(forms)) == len(forms)
        avoided = [f for term in glossary.load().values() for f in getattr(term, f"avoid_{lang}").split("|") if f]
        assert len(set(avoided)) == len(avoided)


def test_the_course_map_keeps_to_the_glossary():
    texts = [
        ("course.toml", lang, text)
        for lang in ("zh", "en")
        for text in [getattr(entry, f"title_{lang}") for entry in LESSONS]
        + [getattr(model, f"about_{lang}") for model in course.load().models.values()]
    ]
    assert glossary.problems(texts) == []


@pytest.mark.parametrize("lesson", [x for x in LESSONS if "quiz" in x.parts], ids=lambda x: x.slug)
def test_quizzes_keep_to_the_glossary(lesson):
    texts = []
    for number, q in enumerate(learn.read_quiz(learn.quiz_path(lesson.slug)), start=1):
        where = f"{lesson.slug}.toml, question {number}"
        texts.append((where, "zh", "\n".join([q.question_zh, *q.options_zh, q.why_zh])))
        texts.append((where, "en", "\n".join([q.question_en, *q.options_en, q.why_en])))
    assert glossary.problems(texts) == []


@pytest.mark.parametrize("path", sorted(course.root().glob("*/src/*.md")), ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_lessons_and_labs_keep_to_the_glossary(path):
    assert source_problems(source.read(path.stem, path)) == []


@pytest.mark.parametrize(
    ("lang", "text", "said"),
    [
        ("zh", "这是变压器。", "“变压器” should be “Transformer”"),
        ("zh", "一行\n\n每个令牌", "line 3: “令牌”"),
        ("zh", "用 Softmax，即软最大", "“软最大” should be “softmax”"),
        ("zh", "KL 距离", "KL 散度"),
        ("en", "A Tokeniser", "“Tokeniser” should be “tokenizer”"),
        ("en", "auto-regressive", "autoregressive"),
        ("en", "self  attention\nx", "“self attention” should be “self-attention”"),
        ("en", "a fine\ntuning run", "line 1: “fine tuning”"),
        ("en", "(pretraining)", "pre-training"),
    ],
)
def test_other_forms_are_found(lang, text, said):
    (complaint,) = glossary.lint(lang, text)
    assert said in complaint


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("zh", "有人把 Transformer 译作“变压器”。"),
        ("zh", "`变压器`\n```\n令牌\n```\n"),
        ("zh", "自注意力，上下文窗口，词表，标记出来"),
        ("en", "see https://example.org/pretraining-tokeniser and [notes](pretraining.md)"),
        ("en", "The word “pretraining” is spelt with a hyphen here."),
        ("en", "self-attention, fine-tuning, the top three"),
        ("en", "`topk`"),
        ("en", "令牌"),
    ],
)
def test_mentions_code_and_addresses_are_left_alone(lang, text):
    assert glossary.lint(lang, text) == []


def test_a_longer_form_is_reported_alone():
    assert len(glossary.lint("zh", "标记器令牌化")) == 2
    assert len(glossary.lint("en", "supervised fine tuning")) == 1


def test_complaints_speak_the_readers_language_and_come_in_order():
    set_lang("zh")
    found = glossary.lint("zh", "令牌\n变压器\n令牌")
    assert [sentence[:5] for sentence in found] == ["第 1 行", "第 2 行", "第 3 行"]
    assert glossary.problems([("here", "zh", "令牌")]) == ["here, 第 1 行：“令牌”应写作“token（词元）”。"]


@pytest.mark.parametrize(
    ("lang", "key", "text"),
    [
        ("zh", "token", "token（词元）：模型读写"),
        ("en", "token", "token (词元): The smallest unit"),
        ("zh", "temperature", "温度 · temperature：用来除"),
        ("en", "temperature", "temperature · 温度: A number"),
        ("en", "softmax", "softmax: The formula"),
    ],
)
def test_a_term_is_shown_in_both_languages(lang, key, text):
    set_lang(lang)
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            glossary.term(key)
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    assert output.data["text/plain"].startswith(text) and "<b>" in output.data["text/html"]


def test_unknown_term():
    with pytest.raises(CourseError, match="Did you mean “token”"):
        glossary.term("tokn")


def test_each_term_names_the_lesson_that_uses_it_first(tmp_path, monkeypatch):
    assert "\n".join(terms.problems()) == ""
    committed = course.root() / "datasets" / "glossary.csv"
    moved = tmp_path / "glossary.csv"
    moved.write_text(committed.read_text(encoding="utf-8").replace(",sampling\n", ",rl\n"), encoding="utf-8")
    found = glossary.read(moved)
    monkeypatch.setattr(glossary, "load", lambda: found)
    assert "“top-k” is first used in sampling, but its column lesson says “rl”" in "\n".join(terms.problems())
    terms.rewrite(moved)
    assert moved.read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda x: x.slug)
def test_where_a_term_is_first_used_both_its_forms_stand(lesson):
    assert terms.unpaired(lesson, source.read(lesson.slug, lesson.source)) == []


ZH_ALONE = "zh: “温度” is first used here: give both forms, “温度（temperature）”."
EN_ALONE = "en: “temperature” is first used here: give both forms, “temperature (温度)”."


@pytest.mark.parametrize(
    ("zh", "en", "said"),
    [
        ("转动温度（temperature）。", "Turn the temperature (温度).", []),
        ("转动温度。", "Turn the temperature (温度).", [ZH_ALONE]),
        ("温度（temperature）。", "Two temperatures", [EN_ALONE]),
        ("转动温度。\n\n就是 `temperature`。", "Turn the temperature.", [ZH_ALONE, EN_ALONE]),
        ("# 温度\n\n看 `温度`、$温度$。", "# Temperature\n\nSee `temperature`.", ["zh-2", "en-2"]),
        ("无关。", "Nothing of the kind.", ["zh-2", "en-2"]),
    ],
)
def test_a_first_use_without_the_pair(zh, en, said):
    texts = {"zh": zh, "en": en, "zh-2": "温度", "en-2": "temperature"}
    cells = [source.Cell("markdown", text, name[:2], name) for name, text in texts.items()]
    lesson = course.lesson("start")
    found = terms.unpaired(lesson, source.Source("start", lesson.source, tuple(cells)))
    assert len(found) == len(said)
    assert all(one in sentence for one, sentence in zip(said, found, strict=True)), found


def test_a_term_within_a_longer_one_is_not_used():
    assert not terms.uses("confidence", "en", "its confidence interval, pale")
    assert terms.uses("confidence", "en", "a confidence interval is not its confidence")
    assert not terms.uses("attention", "zh", "每个注意力头") and terms.uses("attention", "zh", "注意力")


@pytest.mark.parametrize(
    ("key", "lang", "text", "stands"),
    [
        ("mixture of experts", "zh", "换成混合专家", True),
        ("mixture of experts", "en", "an MoE layer", True),
        ("logit", "en", "its logits", True),
        ("key", "zh", "关键", False),
        ("key", "zh", "键（key）", True),
        ("gate", "en", "to mitigate", False),
    ],
)
def test_where_a_term_stands(key, lang, text, stands):
    assert glossary.load()[key].stands_in(lang, text) is stands


def test_a_damaged_glossary(tmp_path):
    path = tmp_path / "glossary.csv"
    path.write_text(",".join(glossary.COLUMNS) + "\na,b,c\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"glossary\.csv row 2"):
        glossary.read(path)
