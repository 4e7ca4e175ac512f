"""The trace player without a browser: what Python sends and refuses, and its still picture."""

import random
import re

import pytest
from test_widgets import ask, inside

from aigc_course import reasoning, stories
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets.reasoning import TracePlayer, examples, marks, truth

STORY = {
    "zh": "小明有8个苹果，又买了5个，现在有几个？",
    "en": "Tom has 8 apples and buys 5 more. How many are there now?",
}
ODD = {"zh": "小明有8个苹果，吃了5个，还剩几个？", "en": "Tom has 8 apples and eats 5. How many are left?"}


@pytest.fixture(scope="module")
def players():
    made = {}
    for lang in LANGS:
        set_lang(lang)
        made[lang] = TracePlayer()
    return made


def test_the_page_is_one_module_with_nothing_fetched():
    script, style = str(TracePlayer._esm), str(TracePlayer._css)
    assert "export function ask" in script and "export default { render }" in script
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("lang", LANGS)
def test_the_stories_rise_from_easy_to_more_than_was_learned(lang):
    told = [stories.parse(text) for text in examples(lang)]
    assert [story.lang for story in told] == [lang] * len(told)
    assert [len(story.ops) for story in told] == sorted(len(story.ops) for story in told)
    assert len(told[0].ops) == 1 and len(told[-1].ops) > stories.LONGEST
    assert all(stories.held_out(story.text) for story in told)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_sent_is_what_the_models_write_at_each_budget(players, lang):
    player = players[lang]
    for trace in player.traces[:3]:
        for name, run in zip(player.names, trace["runs"], strict=True):
            labels = "".join(label for label, _ in run["thinking"])
            n = len(run["thinking"])
            assert len(run["answers"]) == len(run["values"]) == n + 1
            for budget in sorted({0, n // 2, n}):
                [[attempt]] = reasoning.attempts(name, [trace["text"]], budget=budget)
                assert run["values"][budget] == attempt.answer
                tail = attempt.text.partition("</think>")[2] if n else attempt.text
                assert "".join(run["answers"][budget]).removesuffix("</s>") == tail
                if n:
                    cut = "".join(label for label, _ in run["thinking"][:budget])
                    assert attempt.text == f"<think>{cut}</think>{tail}"
            assert run["tokens"] == len(attempt.ids)
            lines = labels.split("，") if n else []
            assert [line for _, line in run["thinking"]] == sorted(line for _, line in run["thinking"])
            assert len(lines) == len(run["marks"] or [])
            for i, line in enumerate(lines):
                held = "".join(label for label, at in run["thinking"] if at == i).removesuffix("，")
                assert held == line


@pytest.mark.parametrize("lang", LANGS)
def test_only_what_is_out_of_range_carries_a_warning(players, lang):
    *inner, last = players[lang].traces
    assert all(trace["outside"] is None and trace["truth"] for trace in inner)
    assert last["operations"] > stories.LONGEST and str(last["operations"]) in last["outside"][lang]


def test_marks_name_the_first_wrong_line_and_what_comes_of_it():
    right = ["7+5=12", "12-3=9"]
    assert marks(["7+5=12", "12-3=9"], right) == ["right", "right"]
    assert marks(["7+5=13", "13-3=10"], right) == ["first", "after"]
    assert marks(["7+5=13", "12-3=9"], right) == ["first", "right"]
    assert marks(["7+5=12", "12-3=9", "9+1=10", "10+1=11"], right) == ["right", "right", "first", "after"]
    assert marks(["7+5=12"], right) == ["right"]


def test_the_truth_is_known_of_stories_only_and_only_where_division_leaves_no_rest():
    story = stories.sample(random.Random(0), 3, "en")
    assert truth(story.text) == (stories.lines(story.start, story.ops), story.answer)
    assert truth(STORY["zh"]) == (["8+5=13"], 13)
    assert truth("Tom has 700 apples and buys 5 more. How many are there now?") == (["700+5=705"], 705)
    assert truth(ODD["en"]) is None
    rest = "Tom has 7 apples and shares them equally among 2 people. How many does each get?"
    assert stories.parse(rest) and truth(rest) is None


@pytest.mark.parametrize("lang", LANGS)
def test_a_story_of_ones_own_is_answered_and_marked(players, lang, monkeypatch):
    reply, buffers = ask(players[lang], {"text": f"  {STORY[lang]} "}, monkeypatch)
    trace = reply["trace"]
    assert trace["text"] == STORY[lang] and trace["truth"]["answer"] == 13 and trace["outside"] is None
    assert not buffers
    odd = ask(players[lang], {"text": ODD[lang]}, monkeypatch)[0]["trace"]
    assert odd["truth"] is None and odd["outside"]["zh"] and odd["outside"]["en"]
    assert all(run["marks"] is None for run in odd["runs"])


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "empty"), ("  ", "empty"), ("x" * 601, "601"), ("🍎" * 150, "too long"), ("\ud83d", "surrogate")],
)
def test_the_player_refuses_in_both_languages(players, text, word, monkeypatch):
    reply, _ = ask(players["en"], {"text": text}, monkeypatch)
    assert word in reply["error"]["en"] and reply["error"]["zh"]


def test_a_player_needs_two_models_and_a_story():
    for how in ({"models": ["reasoner"]}, {"questions": []}):
        with pytest.raises(CourseError, match="two models"):
            TracePlayer(**how)


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture_fits_and_says_who_is_right(players, lang):
    set_lang(lang)
    player = players[lang]
    words = inside(player.static_svg())
    trace = player.traces[player.chosen]
    assert set(player.names) <= set(words)
    for run in trace["runs"]:
        assert any(word.startswith(f"= {run['values'][-1]} ") for word in words)
    longest = TracePlayer(questions=[examples(lang)[-1]])
    inside(longest.static_svg())
    assert player.static_svg() == player.static_svg()
