"""The RL cockpit without a browser: what Python sends, the still picture, a run that grows."""

import random
import xml.etree.ElementTree as ET

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from aigc_course import rl, stories
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.reasoning import Attempt
from aigc_course.widgets import svg
from aigc_course.widgets.rl import CURVES, RLCockpit, gamed, packed, pieces

STORY = stories.parse("Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?")


def attempt(text: str) -> Attempt:
    return Attempt(list(range(len(text))), text, *stories.split_reply(text))


def update(step: int, texts=("<think></think>4", "<think>7+5=12，12-3=9</think>9"), rewards=(0.0, 1.0), **numbers):
    usual = {"reward": 0.5, "right": 0.5, "length": 12.5, "kl": 0.01, "entropy": 0.3, "clipped": 0.1, "signal": 1.0}
    return rl.Update(step, **usual | numbers, groups=[(STORY, [attempt(text) for text in texts], list(rewards))])


def words_inside(picture: str) -> str:
    """Every word of a still picture, each line asserted to lie within the frame."""
    root = ET.fromstring(picture)
    _, _, w, h = map(int, root.get("viewBox").split())
    lines = []
    for node in root.iter("{http://www.w3.org/2000/svg}text"):
        x, y, size = int(node.get("x")), int(node.get("y")), int(node.get("font-size"))
        long = svg.width(node.text, size)
        left = x - (long if node.get("text-anchor") == "end" else 0)
        assert left >= 0 and left + long <= w and size <= y <= h - 2, node.text
        lines.append(node.text)
    for node in root.iter("{http://www.w3.org/2000/svg}polyline"):
        for point in node.get("points").split():
            x, y = map(int, point.split(","))
            assert 0 <= x <= w and 0 <= y <= h
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text, kinds",
    [
        ("<think>7+5=12，12-3=9</think>9", "tag line line tag right"),
        ("<think>7+5=12，12-3=8</think>8", "tag line slip tag wrong"),
        ("<think>7+5=11，11-3=9</think>9", "tag slip slip tag right"),
        ("<think>7+5=12</think>9", "tag line tag right"),
        ("<think></think>4", "tag tag wrong"),
        ("<think>7+5=12，12", "tag line slip"),
        ("9", "right"),
        ("\ufffd", "wrong"),
        ("", ""),
    ],
)
def test_a_text_in_pieces(text, kinds):
    found = pieces(STORY, attempt(text))
    assert " ".join(kind for kind, _ in found) == kinds
    assert "".join(words for _, words in found) == text.replace("\ufffd", "□")


def test_an_update_for_the_page():
    rewards = (0.0, 1.0, 1.0, 0.25)
    sent = packed(update(3, ["1", "9", "9", "4"], rewards))
    assert [s["reward"] for s in sent["samples"]] == [1.0, 1.0, 0.25, 0.0]
    mean, std = torch.tensor(rewards).mean(), torch.tensor(rewards).std()
    for sample in sent["samples"]:
        assert sample["advantage"] == pytest.approx(float((sample["reward"] - mean) / std), abs=1e-3)
    assert (sent["mean"], sent["std"]) == (pytest.approx(float(mean), abs=1e-4), pytest.approx(float(std), abs=1e-4))
    assert sent["answer"] == 9 and sent["story"] == STORY.text and set(CURVES) < set(sent)
    assert not gamed([sent]) and gamed([sent, packed(update(4, right=0.2))])


def test_several_runs_by_name_and_none():
    cockpit = RLCockpit({"1": [update(0)], "2": [update(0), update(1)]})
    assert [(run["name"], len(run["updates"])) for run in cockpit.runs] == [("1", 1), ("2", 2)]
    with pytest.raises(CourseError):
        RLCockpit({})


@pytest.mark.parametrize("lang", LANGS)
def test_a_run_grows_and_its_picture_with_it(lang, monkeypatch):
    set_lang(lang)
    cockpit = RLCockpit(total=3, heading="r1_zero_base")
    assert "r1_zero_base" in words_inside(cockpit.static_svg())
    shown = []

    class Handle:
        update = staticmethod(shown.append)

    monkeypatch.setattr("IPython.display.display", lambda widget, display_id: shown.append(widget) or Handle())
    run = [update(step, reward=0.3 * step) for step in range(3)]
    assert cockpit.watch(iter(run)) == run
    assert shown == [cockpit, cockpit] and len(cockpit.runs[0]["updates"]) == 3
    words = words_inside(cockpit.static_svg())
    assert "<think>7+5=12，12-3=9</think>9" in words
    assert ("第 3 次更新" if lang == "zh" else "update 3") in words


@pytest.mark.parametrize("paid, shown", [((1, 0, 1, 0, 1), "2 4"), ((1, 1, 0, 1, 1), "3"), ((1, 1, 1, 1, 1), "1 5")])
def test_the_still_picture_shows_groups_that_differ(paid, shown):
    set_lang("en")
    run = [update(step, rewards=(float(first), 1.0)) for step, first in enumerate(paid)]
    words = words_inside(RLCockpit(run, heading="a run").static_svg())
    assert [line for line in words.splitlines() if line.startswith("update ")] == [
        f"update {n}:" for n in shown.split()
    ]


def test_what_was_not_measured_is_not_drawn():
    set_lang("en")
    measured, not_measured = (
        words_inside(RLCockpit([update(0, kl=kl)], heading="a run").static_svg()) for kl in (0.01, 0.0)
    )
    assert "KL (nats)" in measured and "KL" not in not_measured


def test_pictures_of_any_run_fit_their_frame():
    rng = random.Random(0)
    for count in (1, 2, 60):
        run = [
            update(
                step,
                ["<think>" + "1+1=2，" * rng.randint(0, 30)] * 8,
                [rng.uniform(-2, 100) for _ in range(8)],
                reward=rng.uniform(-2, 100),
                length=0.0,
                kl=0.0,
            )
            for step in range(count)
        ]
        for shown in (run, {"a": run, "b": run[:1]}):
            words_inside(RLCockpit(shown, heading="很长的题目" * 30).static_svg())


def test_the_page_fetches_nothing_and_the_picture_stands_beside_it():
    assert "export default { render }" in str(RLCockpit._esm) and "fetch(" not in str(RLCockpit._esm)
    data, _ = InteractiveShell.instance().display_formatter.format(RLCockpit([update(0)]))
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
    assert data["image/svg+xml"] == RLCockpit([update(0)]).static_svg()
