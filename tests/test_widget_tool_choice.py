"""The chooser and a tool user's steps: what Python sends and refuses, still pictures, the page's sums, a browser."""

import json
import math
import random
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import test_browser
from browser import Watch, nameless, too_wide, wear
from conftest import need
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from test_widgets import inside

from aigc_course import tool_use
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.tool_choice import safe_range, scores
from aigc_course.tools import TOOLS, broken
from aigc_course.widgets.tool_choice import HIGH, WIDE, ToolChooser, beaten_by, chart, figure, named, still
from aigc_course.widgets.tool_steps import MOST, ToolSteps, parts, told

JS = Path(__file__).parent / "js"
NAMES = {
    "zh": ["直接答", "会思考", "带工具", "搜索网页"],
    "en": ["Direct", "Reasoner", "With tools", "<b>Web</b> search"],
}
NEEDS = {
    "zh": ["答得对", "便宜", "快", "数据不外传"],
    "en": ["Right answers", "Cheap", "Fast", "Data stays here"],
}
MARKS = [[4, 9, 9, 10], [9, 6, 5, 10], [8, 7, 7, 10], [7, 8, 6, 2]]
WEIGHTS = [4, 2, 2, 1]  # the third is first, the second next
MEASURED = [(46, 41, 51, 120), (97, 94, 98, 900), (88, 84, 91, 400), (40, 33, 47, 500)]
AXES = {"zh": ("答对（%）", "每题写的 token"), "en": ("right (%)", "tokens per question")}


def chooser(lang: str = "en", **changes) -> ToolChooser:
    how = {"candidates": NAMES[lang], "needs": NEEDS[lang], "marks": MARKS, "weights": WEIGHTS}
    return ToolChooser(**how | {"measured": MEASURED, "axes": AXES[lang], "lang": lang} | changes)


def call(tool: str, /, **arguments) -> str:
    return json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)


def reply(text: str, *written: str, tools=TOOLS) -> tool_use.Reply:
    """A made-up reply whose calls were really parsed, checked and run."""
    return tool_use.Reply(text, [tool_use.run(one, tools) for one in written], 20)


EVIL = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
QUESTIONS = {
    "zh": ["37 乘 48 等于多少？", "37 加 48 呢？", "你好！", EVIL],
    "en": ["What is 37 times 48?", "And 37 plus 48?", "Hello!", EVIL],
}
OFF = [broken(tool) if tool.name == "calculator" else tool for tool in TOOLS]


def replies(lang: str = "en") -> list[tool_use.Reply]:
    """A tool that answers, one that is broken, none, and calls that are refused, one for each of QUESTIONS."""
    evil = [call("shell", command=EVIL), EVIL, call("look_up", name="x" * 80, field="price"), call("calendar")]
    return [
        reply("1776", call("calculator", expression="37×48")),
        reply(
            "计算器没有回答。" if lang == "zh" else "The calculator is off.",
            call("calculator", expression="37+48"),
            tools=OFF,
        ),
        reply("你好！" if lang == "zh" else "Hello!"),
        reply("", *evil),
    ]


def steps(lang: str = "en") -> ToolSteps:
    return ToolSteps(replies(lang), QUESTIONS[lang], lang=lang)


@pytest.mark.parametrize(("kind", "name"), [(ToolChooser, ".chooser"), (ToolSteps, ".toolsteps")])
def test_the_page_is_one_module_with_nothing_fetched(kind, name):
    script, style = str(kind._esm), str(kind._css)
    assert "export default { render }" in script and name in style
    assert not re.search(
        r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(|innerHTML", script + style, re.M
    )
    assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


# ---- the sums of the table


def sums(marks, weights) -> list[float]:
    """Each candidate's total, as the lesson's module gives it."""
    names, needs = map(str, range(len(marks))), [*map(str, range(len(weights)))]
    return [*scores(*named([*names], needs, marks, weights)).values()]


def nearest(marks, weights, need: int) -> float | None:
    """The smallest relative change of one weight at which the winner is caught, from the lesson's `safe_range`; None:
    none from down to nothing to double."""
    table = named([*map(str, range(len(marks)))], [*map(str, range(len(weights)))], marks, weights)
    changes = [factor - 1 for factor in safe_range(*table, str(need))]
    return min((x for x in changes if abs(x) < 1), key=abs, default=None)


def test_the_page_finds_the_changes_that_algebra_finds():
    node = shutil.which("node") or need("Node.js is not installed (Debian: apt install nodejs)")
    rng = random.Random(0)
    cases = []
    while len(cases) < 150:
        n, m = rng.randint(2, 6), rng.randint(2, 6)
        marks = [[rng.randint(0, 100) / 10 for _ in range(m)] for _ in range(n)]
        weights = [rng.uniform(0.05, 5) for _ in range(m)]
        cases.append({"marks": marks, "weights": weights})
    script = (
        f"import {{ widget }} from {str(JS / 'load.mjs')!r};"
        "const c = await widget('tool_choice.js'); let text = ''; for await (const part of process.stdin) text += part;"
        "console.log(JSON.stringify(JSON.parse(text).map(({marks, weights}) =>"
        " [c.totals(marks, weights), weights.map((_, k) => c.flip(marks, weights, k))])));"
    )
    ran = subprocess.run(
        [node, "--input-type=module", "-e", script], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    some = 0
    for case, (got, flips) in zip(cases, json.loads(ran.stdout), strict=True):
        marks, weights = np.array(case["marks"]), np.array(case["weights"])
        np.testing.assert_allclose(got, sums(marks, weights), atol=1e-9)
        np.testing.assert_allclose(got, np.average(marks, axis=1, weights=weights), atol=1e-9)
        winner = int(np.argmax(got))
        for k, found in enumerate(flips):
            exact = nearest(marks, weights, k)
            if exact is None:
                assert found is None
                continue
            some += 1
            # the first whole per cent at which the lead is really lost, on the nearer side
            assert abs(found["percent"]) == math.floor(100 * abs(exact) + 1e-9) + 1
            moved = weights * np.where(np.arange(len(weights)) == k, 1 + found["percent"] / 100, 1)
            assert int((marks @ moved).argmax()) in found["to"] and winner not in found["to"]
    assert 100 < some < sum(len(case["weights"]) for case in cases), "one of the two outcomes was never seen"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"candidates": ["A"], "marks": [[1] * 4]}, "2 to 8 names"),
        ({"candidates": "ABCD"}, "2 to 8 names"),
        ({"candidates": ["A", "B", "C", " "]}, "2 to 8 names"),
        ({"candidates": ["A", "B", "C", "A"]}, "twice"),
        ({"needs": []}, "1 to 8 names"),
        ({"needs": list("ABCDEFGHI")}, "1 to 8 names"),
        ({"marks": MARKS[:3]}, "4 rows"),
        ({"marks": [row[:3] for row in MARKS]}, "4 columns"),
        ({"marks": [[1], [2, 3], [4], [5]]}, "4 rows"),
        ({"marks": [[11, 0, 0, 0], *MARKS[1:]]}, "0 to 10"),
        ({"marks": [[-1, 0, 0, 0], *MARKS[1:]]}, "0 to 10"),
        ({"marks": [[math.nan, 0, 0, 0], *MARKS[1:]]}, "0 to 10"),
        ({"marks": [["good", 0, 0, 0], *MARKS[1:]]}, "0 to 10"),
        ({"weights": [1, 1, 1]}, "4 numbers"),
        ({"weights": [1, 1, 1, -1]}, "0 or more"),
        ({"weights": [0, 0, 0, 0]}, "not all 0"),
        ({"weights": [1, 1, 1, math.inf]}, "4 numbers"),
        ({"measured": MEASURED[:2]}, "4 rows"),
        ({"measured": [row[:3] for row in MEASURED]}, "four numbers"),
        ({"measured": [(46, 41, 51, 0), *MEASURED[1:]]}, "above 0"),
        ({"measured": [(46, 47, 51, 9), *MEASURED[1:]]}, "in its interval"),
        ({"measured": [(46, 41, math.nan, 9), *MEASURED[1:]]}, "four numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_both_languages(changes, word):
    with pytest.raises(CourseError) as error:
        chooser(**changes)
    assert word in error.value.en and re.search(r"[一-鿿]", error.value.zh)


def test_arrays_are_taken_and_the_picture_may_be_left_out():
    same = chooser(marks=np.array(MARKS), weights=np.array(WEIGHTS), measured=np.array(MEASURED))
    assert same.get_state(["marks", "weights", "chart"]) == chooser().get_state(["marks", "weights", "chart"])
    json.dumps(same.get_state(["marks", "weights", "chart"]))
    assert chooser(measured=None).chart == {}


# ---- the picture of quality against cost


def test_the_frontier_is_whom_nobody_beats():
    assert beaten_by(MEASURED) == [None, None, None, 2]
    assert beaten_by([(5, 5, 5, 1), (5, 5, 5, 1)]) == [None, 0]  # the same twice
    assert beaten_by([(5, 5, 5, 1), (5, 5, 5, 2), (6, 6, 6, 1)]) == [2, 2, None]
    rng = np.random.default_rng(0)
    for _ in range(50):
        rows = [(q, q, q, c) for q, c in rng.integers(1, 6, (6, 2)).tolist()]
        for i, who in enumerate(beaten_by(rows)):
            # nobody before it is the same, nobody is better in one and no worse in the other
            better = [j for j, (q, _, _, c) in enumerate(rows) if q >= rows[i][0] and c <= rows[i][3]]
            assert (who is None) == all(j >= i and rows[j] == rows[i] for j in better)
            assert who is None or who in better


def test_the_picture_stands_where_its_numbers_say():
    drawn = chart(NAMES["en"], MEASURED, AXES["en"])
    left, upper, right, lower = drawn["plot"]
    ticks = {words: x for x, words in drawn["xs"]}
    # equal ratios are equal distances
    assert ticks["200"] - ticks["100"] == pytest.approx(ticks["1,000"] - ticks["500"], abs=1)
    ys = {words: y for y, words in drawn["ys"]}
    for point, (quality, low, high, _) in zip(drawn["points"], MEASURED, strict=True):
        assert left < point["x"] < right and upper <= point["high"] <= point["y"] <= point["low"] <= lower
        scale = (ys["40"] - ys["80"]) / 40
        for key, value in (("y", quality), ("low", low), ("high", high)):
            assert point[key] == pytest.approx(ys["40"] - scale * (value - 40), abs=1)
    a, b, c, _ = [(p["x"], p["y"]) for p in drawn["points"]]
    assert drawn["line"] == f"M{a[0]} {a[1]}H{c[0]}V{c[1]}H{b[0]}V{b[1]}H{right}"


@pytest.mark.parametrize("seed", range(8))
def test_names_stand_apart_and_inside(seed):
    rng = random.Random(seed)
    n = rng.randint(2, 5)
    rows = []
    for _ in range(n):
        quality = rng.uniform(0.1, 0.9)
        rows.append((quality, quality - 0.05, quality + 0.05, 10 ** rng.uniform(-3, 4)))
    names = [rng.choice(["A", "小模型", "a rather long name"]) + str(i) for i in range(n)]
    drawn = chart(names, rows, ("q", "c"))
    boxes = []
    for point in drawn["points"]:
        label = point["label"]
        long = sum(12 if ord(c) > 255 else 7.2 for c in label["text"])
        left = label["x"] - {"start": 0, "middle": 0.5, "end": 1}[label["anchor"]] * long
        assert left >= 0 and left + long <= WIDE and 12 <= label["y"] <= HIGH
        boxes.append((left, label["y"] - 11, left + long, label["y"] + 2))
    crossed = [
        a for i, a in enumerate(boxes) for b in boxes[:i] if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
    assert crossed == []
    for point in drawn["points"]:  # the still picture hangs each name where it was reckoned
        x, y, words, anchor = (point["label"][key] for key in ("x", "y", "text", "anchor"))
        assert re.search(rf'<text x="{x}" y="{y}"[^>]* text-anchor="{anchor}"[^>]*>{words}<', still(drawn))
    assert 2 <= len(drawn["xs"]) <= 7 and 2 <= len(drawn["ys"]) <= 7


@pytest.mark.parametrize(
    "rows", [[(0, 0, 0, 1), (0, 0, 0, 1)], [(1, 1, 1, 1e-9), (2, 1, 3, 1e9)], [(-5, -6, 1e5, 7), (3, 2, 4, 7.1)]]
)
def test_pictures_of_odd_numbers_are_drawn(rows):
    drawn = chart(["A", "B"], rows, ("q", "c"))
    assert len(drawn["ys"]) >= 2
    inside(ToolChooser(["A", "B"], ["x"], [[1], [2]], [1], rows).static_svg())


def test_figures():
    assert [figure(x) for x in (0, 7.0, 0.25, 100_000, 1e-5, -3)] == ["0", "7", "0.25", "100,000", "0.00001", "-3"]
    assert figure(1e-12) == "1e-12"


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_table_fits_and_stands_in_order(lang):
    set_lang(lang)
    widget = chooser(lang)
    words = inside(widget.static_svg())
    assert set(NEEDS[lang]) <= set(words) and {f"{x:.2f}" for x in sums(MARKS, WEIGHTS)} <= set(words)
    assert words.index(NAMES[lang][2]) < words.index(NAMES[lang][1]) < words.index(NAMES[lang][0])
    assert widget.static_svg() == chooser(lang).static_svg() and len(widget.static_svg()) < 12_000
    data, _ = InteractiveShell.instance().display_formatter.format(widget)
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
    assert ToolChooser(NAMES["en"], NEEDS["en"], MARKS, WEIGHTS).lang == lang
    many = [f"a candidate with a long name {i}" for i in range(8)]
    needs = [f"a need with a long name {i}" for i in range(8)]
    inside(ToolChooser(many, needs, np.full((8, 8), 10), [1] * 8, [(1, 1, 1, 1 + i) for i in range(8)]).static_svg())


# ---- the steps of a reply


def test_each_step_tells_what_happened():
    good, off, none, evil = steps().stories
    assert none == {"question": "Hello!", "steps": [], "answer": "Hello!", "tokens": 20}
    (step,) = good["steps"]
    assert step["checks"] == [True] * 3 and step["fault"] == "" and not step["failed"]
    assert step["result"] == '{"result": 1776}' and step["name"] == "calculator"
    assert step["rules"] == [["expression", '{"type": "string", "maxLength": 200}', '"37×48"']]
    (step,) = off["steps"]
    assert step["checks"] == [True] * 3 and step["fault"] == "" and step["failed"]
    assert step["result"] == '{"error": "switched off"}'
    shell, text, price, calendar = evil["steps"]
    assert shell["checks"] == [True, False, None] and shell["fault"] == "no such tool" and shell["rules"] == []
    assert text["checks"] == [False, None, None] and text["written"] == [[EVIL, ""]] and text["name"] == ""
    assert price["checks"] == [True, True, False] and price["fault"] == "name is not allowed"
    assert calendar["fault"] == "argument missing: date" and [value for *_, value in calendar["rules"]] == [None, None]
    assert all(step["failed"] for step in evil["steps"]) and evil["answer"] == ""


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [("[1]", "arguments must be an object"), ('{"expression": "1", "why": null}', "unknown argument"), ("7", "object")],
)
def test_arguments_that_no_schema_allows_are_shown_as_they_are(arguments, fault):
    written = f'{{"name": "calculator", "arguments": {arguments}}}'
    step = told(*tool_use.run(written, TOOLS), TOOLS)
    assert fault in step["fault"] and step["checks"] == [True, True, False]
    assert dict(map(reversed, step["written"]))["arguments"] == arguments
    extra = [row for row in step["rules"] if row[1] is None]
    assert extra == ([["why", None, "null"]] if "why" in arguments else [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text(max_size=20), json_values, st.booleans(), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_a_call_is_cut_where_its_parts_stand(name, arguments, swapped, indent, ascii_only):
    pairs = [("name", name), ("arguments", arguments)]
    written = f" {json.dumps(dict(pairs[::-1] if swapped else pairs), indent=indent, ensure_ascii=ascii_only)}\n"
    found = parts(written)
    assert "".join(text for text, _ in found) == written
    named = {part: text for text, part in found if part}
    assert set(named) == {"name", "arguments"}
    assert json.loads(named["name"]) == name and json.loads(named["arguments"]) == arguments


def test_what_has_no_shape_gets_a_sign_and_what_is_long_is_cut():
    written = '{"name": "look_up", "arguments": {"name": "\\ud800\\u0007", "field": "ticket"}}'
    (step,) = ToolSteps(reply("a\x00b\u202e\n\u3000c" + "z" * 5000, written), "Who?").stories[0]["steps"]
    assert json.dumps(step, ensure_ascii=False).encode("utf-8")
    assert step["rules"][0][2] == '"U+D800\\u0007"'
    answer = ToolSteps(reply("a\x00b\u202e\n\u3000c" + "z" * 5000, written), "Who?").stories[0]["answer"]
    assert answer.startswith("aU+0000bU+202E\n\u3000cz") and len(answer) < 1300 and answer.endswith("…")


def test_one_reply_needs_no_list():
    (one,) = ToolSteps(replies()[0], QUESTIONS["en"][0]).stories
    assert one == steps().stories[0]


class Alike:
    """A reply that is no Reply, with what the page needs."""

    text, steps = "hm", ()


def test_whatever_has_the_attributes_is_taken():
    assert ToolSteps(Alike(), "Eh?").stories == [{"question": "Eh?", "steps": [], "answer": "hm", "tokens": 0}]


def mended(**changes) -> tool_use.Reply:
    (step,) = replies()[0].steps
    return tool_use.Reply("x", [step._replace(**changes)])


@pytest.mark.parametrize(
    ("given", "questions", "word"),
    [
        ([], [], "1 to 12 replies"),
        ([Alike()] * (MOST + 1), ["?"] * (MOST + 1), "1 to 12 replies"),
        ([Alike()], ["a", "b"], "1 replies and 2 questions"),
        ([Alike()], " ", "empty"),
        ([Alike()], [None], "empty"),
        (["1776"], "What?", "no reply"),
        ([mended(result={})], "What?", "no reply"),
        ([mended(result={"result": {1, 2}})], "What?", "no reply"),
        ([mended(written="not what was called")], "What?", "no reply"),
        ([mended(call=tool_use.Call("other", {}))], "What?", "give `tools`"),
        ([mended(call=tool_use.Call("calculator", {}))], "What?", "give `tools`"),
    ],
)
def test_what_is_no_reply_is_refused_in_both_languages(given, questions, word):
    with pytest.raises(CourseError) as error:
        ToolSteps(given, questions)
    assert word in error.value.en and re.search(r"[一-鿿]", error.value.zh)


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_steps_fit(lang):
    set_lang(lang)
    words = inside(steps(lang).static_svg())
    assert QUESTIONS[lang][0] in words and '{"result": 1776}' in words and "1776" in words
    for one, question in zip(replies(lang), QUESTIONS[lang], strict=True):
        picture = ToolSteps(one, question).static_svg()
        inside(picture)
        assert "<script" not in picture and len(picture) < 12_000
    assert ToolSteps(replies()[0], "What?").lang == lang


# ---- in a browser

WORDS = {
    "zh": {"level": "并列第一", "nothing": "权重全是 0", "last": "最后一步", "no": "没有回答", "off": "不在前沿上"},
    "en": {
        "level": "are level",
        "nothing": "Every weight is 0",
        "last": "the last",
        "no": "no answer",
        "off": "not on the frontier",
    },
}


class Screen:
    """A notebook with both widgets; `watch` has what went wrong."""

    def __init__(self, page, watch, lang):
        self.page, self.watch, self.lang, self.words = page, watch, lang, WORDS[lang]
        self.chooser, self.steps = page.locator(".aigc.chooser"), page.locator(".aigc.toolsteps")
        self.chooser.wait_for()
        self.steps.wait_for()
        self.sliders, self.on = self.chooser.locator("input[type=range]"), self.steps.locator("button.on")

    def begin(self, story=0):
        self.chooser.locator("button.first").click()
        self.steps.locator(".asked button").nth(story).click()

    def order(self):
        return self.chooser.locator("tbody th").all_inner_texts()

    def totals(self):
        return [float(text) for text in self.chooser.locator("tbody .total b").all_inner_texts()]

    def says(self):
        return self.chooser.locator(".says").inner_text()

    def to_the_end(self):
        """The texts of all cards, stepping on until it goes no further."""
        for _ in range(20):
            self.on.click(force=True)
        return self.steps.locator(".card").all_inner_texts()


@pytest.fixture(scope="module", params=["zh", "en"])
def screen(request, lab, chrome):
    lang = request.param
    cells = [
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport test_widget_tool_choice as made",
        f"made.chooser({lang!r})",
        f"made.steps({lang!r})",
    ]
    lab.write(f"tools_{lang}.ipynb", cells)
    watch = Watch()
    page = lab.open(chrome, f"tools_{lang}.ipynb", watch)
    yield Screen(page, watch, lang)
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("weights", [WEIGHTS, [1, 4, 2, 0], [8, 0, 0, 1]])
def test_the_table_follows_the_weights(screen, weights):
    screen.begin()
    for slider, weight in zip(screen.sliders.all(), weights, strict=True):
        slider.fill(str(weight))
    values = sums(MARKS, weights)
    order = sorted(range(4), key=lambda i: -values[i])
    assert screen.order() == [NAMES[screen.lang][i] for i in order]
    np.testing.assert_allclose(screen.totals(), sorted(values, reverse=True), atol=0.006)
    said = screen.says()
    assert NAMES[screen.lang][order[0]] in said and f"{values[order[0]]:.2f}" in said
    exact = [nearest(MARKS, weights, k) for k in range(4)]
    shown = screen.chooser.locator(".knob:not(.head) .change").all_inner_texts()
    for change, text in zip(exact, shown, strict=True):
        assert ("%" in text) == (change is not None)
        if change is not None:
            assert f"{math.floor(100 * abs(change) + 1e-9) + 1}%" in text
    least = min((abs(x) for x in exact if x is not None), default=None)
    assert ("%" in said) == (least is not None)
    if least is not None:
        assert f"{math.floor(100 * least + 1e-9) + 1}%" in said
    parts_ = [int(text.strip("<%")) for text in screen.chooser.locator(".knob:not(.head) .share").all_inner_texts()]
    np.testing.assert_allclose(parts_, 100 * np.array(weights) / sum(weights), atol=0.51)


@pytest.mark.browser
def test_level_nothing_and_a_winner_that_costs_more(screen):
    screen.begin()
    assert (
        screen.chooser.locator(".point.ahead").count() == 1 and screen.words["off"] not in screen.chooser.inner_text()
    )
    for slider, weight in zip(screen.sliders.all(), (1, 1, 0, 0), strict=True):
        slider.fill(str(weight))
    assert screen.words["level"] in screen.says()  # three have 15
    for slider, weight in zip(screen.sliders.all(), (2, 3, 0, 0), strict=True):
        slider.fill(str(weight))
    money = screen.chooser.locator(
        ".money"
    ).inner_text()  # what wins the table is beaten in the picture, by whom is said
    assert screen.words["off"] in money and NAMES[screen.lang][3] in money and NAMES[screen.lang][2] in money
    for slider in screen.sliders.all():
        slider.fill("0")
    assert screen.words["nothing"] in screen.says()
    assert set(screen.chooser.locator("tbody .total b").all_inner_texts()) == {"–"}
    screen.chooser.locator("button.even").click()
    np.testing.assert_allclose(screen.totals(), sorted(sums(MARKS, [1] * 4), reverse=True), atol=0.006)
    screen.chooser.locator("button.first").click()
    np.testing.assert_allclose(screen.totals(), sorted(sums(MARKS, WEIGHTS), reverse=True), atol=0.006)


@pytest.mark.browser
def test_the_picture_is_pythons(screen):
    dots = screen.chooser.locator("circle.dot")
    drawn = chooser(screen.lang).chart
    assert [(int(dot.get_attribute("cx")), int(dot.get_attribute("cy"))) for dot in dots.all()] == [
        (point["x"], point["y"]) for point in drawn["points"]
    ]
    assert screen.chooser.locator(".frontier").get_attribute("d") == drawn["line"]
    assert screen.chooser.locator(".beaten .name").all_text_contents() == [NAMES[screen.lang][3]]
    # no name leaves the picture or runs into another, in the font that is really used
    boxes = screen.chooser.locator("svg .name").evaluate_all(
        "all => all.map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"
    )
    for i, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[:i])


@pytest.mark.browser
def test_steps_show_one_thing_after_the_other(screen):
    screen.begin()
    cards = screen.steps.locator(".card")
    assert cards.count() == 1 and QUESTIONS[screen.lang][0] in cards.first.inner_text()
    shown = [screen.steps.locator(".place").inner_text()]
    for number, words in enumerate(
        (["calculator", "37×48"], ["✓", "maxLength"], ['{"result": 1776}'], ["1776", "20"]), 2
    ):
        screen.on.click()
        assert cards.count() == number and all(word in cards.last.inner_text() for word in words)
        shown.append(screen.steps.locator(".place").inner_text())
    assert [screen.words["last"] in text for text in shown] == [False] * 4 + [True]
    assert screen.steps.locator(".part code").all_inner_texts() == ['"calculator"', '{"expression": "37×48"}']
    screen.on.click(force=True)
    assert cards.count() == 5
    screen.steps.locator("button.back").click()
    assert cards.count() == 4 and "now" in cards.last.get_attribute("class")


@pytest.mark.browser
def test_failures_and_plain_answers_look_as_they_are(screen):
    screen.begin(1)
    _, _, check, tool, answer = screen.to_the_end()
    assert check.count("✓") == 3 and "switched off" in tool and screen.steps.locator(".card.tool.bad").count() == 1
    assert replies(screen.lang)[1].text in answer
    screen.begin(2)
    assert len(screen.to_the_end()) == 2
    screen.begin(3)
    cards = screen.to_the_end()
    assert len(cards) == 14 and EVIL in cards[0] and EVIL in cards[4] and screen.words["no"] in cards[-1]
    assert [card.count("✗") for card in cards[2::3]] == [1, 1, 1, 1] and "no such tool" in cards[3]
    assert screen.steps.locator("script, img").count() == 0 and screen.page.evaluate("window.hurt") is None


@pytest.mark.browser
def test_the_widgets_work_from_the_keyboard(screen):
    press, focused = screen.page.keyboard.press, "document.activeElement"
    cells = screen.page.locator(".jp-Cell").count()
    screen.begin()
    screen.sliders.first.focus()
    before = screen.totals()
    press("ArrowRight")
    assert screen.totals() != before
    assert screen.page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    screen.steps.locator(".asked button").first.focus()
    press("ArrowDown")
    press("Enter")
    assert screen.steps.locator(".asked button").nth(1).get_attribute("aria-pressed") == "true"
    press("Tab")
    press("Tab")
    assert screen.page.evaluate(f"{focused}.classList.contains('on')")
    counts = []
    for key in ("Enter", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Enter", "ArrowLeft", "Home", "ArrowLeft"):
        press(key)
        counts.append(screen.steps.locator(".card").count())
    assert counts == [2, 3, 2, 5, 5, 5, 4, 1, 1]
    assert screen.page.evaluate(f"{focused}.classList.contains('on')")  # never lost
    press("d")
    press("d")
    assert screen.page.locator(".jp-Cell").count() == cells


@pytest.mark.browser
def test_the_sliders_stay_where_they_are_while_the_order_changes(screen):
    screen.begin()
    places = (
        "root => [...root.querySelectorAll('input, figure, table')].map(e => JSON.stringify(e.getBoundingClientRect()))"
    )
    screen.chooser.locator(".heading").scroll_into_view_if_needed()
    first = screen.chooser.evaluate(places)
    for weight in ("0", "3", "10"):
        screen.sliders.nth(0).fill(weight)
        assert screen.chooser.evaluate(places) == first


@pytest.mark.browser
def test_the_widgets_stand_out_and_fit(screen, theme):
    wear(screen.page, theme)
    screen.page.wait_for_timeout(500)
    for story, width in product((1, 3), (600, 700, 1280)):
        screen.page.set_viewport_size({"width": width, "height": 900})
        screen.page.wait_for_timeout(300)
        screen.begin(story)
        screen.to_the_end()
        for root in (screen.chooser, screen.steps):
            assert root.evaluate(test_browser.POOR_CONTRAST) == []
            assert root.evaluate("root => root.scrollWidth <= root.clientWidth")
            assert too_wide(root, -10) == []
            assert nameless(root, "button, input, section") == []


@pytest.mark.browser
def test_the_widgets_move_without_python_and_ask_nobody(screen):
    screen.begin()
    screen.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    before = screen.totals()
    screen.sliders.nth(1).fill("9")
    screen.on.click()
    assert screen.totals() != before and screen.steps.locator(".card").count() == 2
    assert screen.watch.failed == [] and screen.watch.outside == [] and screen.watch.errors == []
