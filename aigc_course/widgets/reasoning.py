"""The trace player: two models answer one story side by side, token by token, with any budget for thinking."""

import random
from collections.abc import Mapping, Sequence
from itertools import accumulate

from traitlets import Dict, Int, List, Unicode

from aigc_course import reasoning, stories
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang, t
from aigc_course.tokens import utf8
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.labels import token_labels

LENGTHS = (1, 2, 4, 6, 8, 10)  # operations of the stories in the list; the last is more than the models learned
SHOWN_FIRST = 2
LONGEST = 600  # characters of a learner's own story
GOOD, BAD = "#00704f", "#a4262c"
MARKS = {"right": ("✓", GOOD), "first": ("✗", BAD), "after": ("↯", BAD), None: ("", svg.SOFT)}


def examples(lang: str) -> list[str]:
    """Stories of rising length that no model was trained on."""
    rng = random.Random("player")
    return [stories.draw(rng, True, operations=count, lang=lang).text for count in LENGTHS]


def marks(written: Sequence[str], right: Sequence[str]) -> list[str]:
    """What to say of each written line: "right", "first" (it goes wrong here) or "after" (wrong since then)."""
    good = [line == true for line, true in zip(written, right, strict=False)] + [False] * (len(written) - len(right))
    first = good.index(False) if False in good else len(good)
    return ["right" if ok else "first" if i == first else "after" for i, ok in enumerate(good)]


def truth(text: str) -> tuple[list[str], int] | None:
    """The story's lines and answer; None where it is no story, or a division leaves a rest."""
    story = stories.parse(text)
    if story is None or any(op == "÷" and v % n for v, (op, n) in zip(story.values, story.ops, strict=False)):
        return None
    return stories.lines(story.start, story.ops), story.answer


class TracePlayer(CourseWidget):
    """Two models at the same story: play, step, cut the thinking short; wrong lines are marked.

    models: two bundled models by name, or {name: (model, tokenizer)}. questions: stories to choose from; by default
    unseen ones in the reader's language. What each model answers at every budget is computed here, once; moving the
    slider needs no Python.
    """

    _esm, _css = page_files(__file__)

    names = List(Unicode(), help="the models").tag(sync=True)
    traces = List(Dict(), help="what the models wrote about each story, see `_trace`").tag(sync=True)
    chosen = Int(help="the story shown first").tag(sync=True)

    def __init__(
        self,
        models: Sequence[str] | Mapping[str, tuple] = ("direct", "reasoner"),
        questions: Sequence[str] | None = None,
        **kwargs,
    ) -> None:
        named = models if isinstance(models, Mapping) else {name: reasoning.load(name) for name in models}
        self._models = dict(named)
        asked = examples(kwargs.get("lang", get_lang())) if questions is None else list(questions)
        if len(named) != 2 or not asked:
            raise CourseError(
                "TracePlayer 要两个模型和至少一道题。", "A TracePlayer needs two models and at least one story."
            )
        first = min(SHOWN_FIRST, len(asked) - 1)
        super().__init__(names=list(named), traces=self._traces(asked), chosen=first, **kwargs)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """{"text": a story} → {"trace": …}."""
        text = str(question.get("text", "")).strip()
        utf8(text)
        if len(text) > LONGEST:
            raise CourseError(
                f"题目有 {len(text)} 个字符，最多 {LONGEST} 个，请写短一些。",
                f"The story has {len(text)} characters, at most {LONGEST} fit. Shorten it.",
            )
        return {"trace": self._traces([text])[0]}, []

    def _traces(self, texts: list[str]) -> list[dict]:
        """For each story {"text", "operations", "truth": {"lines", "answer"}, "outside": {"zh", "en"}, "runs"}; what is
        not known or does not hold is None."""
        cuts = [reasoning.every_budget(pair, texts) for pair in self._models.values()]
        tokenizers = [tokenizer for _, tokenizer in self._models.values()]
        found = []
        for text, *runs in zip(texts, *cuts, strict=True):
            story, known, outside = stories.parse(text), truth(text), stories.outside(text)
            found.append(
                {
                    "text": text,
                    "operations": story and len(story.ops),
                    "truth": known and {"lines": known[0], "answer": known[1]},
                    "outside": outside and {"zh": outside.zh, "en": outside.en},
                    "runs": [_run(*each, known) for each in zip(tokenizers, runs, strict=True)],
                }
            )
        return found

    def static_svg(self) -> str:
        """Both traces of the story shown first, line by line."""
        trace = self.traces[self.chosen]
        shapes = [svg.text(24, 36, t("思考播放器", "The trace player"), 18, font_weight=600)]
        y = 70
        for row in _wrapped(trace["text"], 712, 16):
            shapes.append(svg.text(24, y, row, 16))
            y += 25
        bottom = y
        for x, name, run in zip((24, 392), self.names, trace["runs"], strict=True):
            at = y + 22
            shapes.append(svg.text(x, at, svg.fit(name, 16, 340), 16, svg.MODEL, font_weight=600))
            at += 30
            lines = "".join(label for label, _ in run["thinking"]).split("，") if run["thinking"] else []
            for i, line in enumerate(lines):
                sign, colour = MARKS[run["marks"][i] if run["marks"] else None]
                shapes.append(svg.text(x, at, svg.fit(line, 16, 290), 16))
                shapes.append(svg.text(x + 320, at, sign, 16, colour, text_anchor="end"))
                at += 25
            value = run["values"][-1]
            good = trace["truth"] and value == trace["truth"]["answer"]
            said = t("没有答案", "no answer") if value is None else f"= {value}"
            sign = "" if trace["truth"] is None else "✓" if good else "✗"
            shapes.append(svg.text(x, at + 6, f"{said} {sign}", 22, GOOD if good else BAD, font_weight=600))
            words = t(f"写了 {run['tokens']} 个 token", f"{run['tokens']} tokens written")
            shapes.append(svg.text(x + 320, at + 6, words, 13, svg.SOFT, text_anchor="end"))
            bottom = max(bottom, at + 24)
        note = t("静态图；运行单元格就能播放", "A still picture: run the cell to play it")
        shapes.append(svg.text(736, bottom + 20, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, bottom + 36, trace["text"], shapes)


def _run(tokenizer, attempts: list[reasoning.Attempt], known: tuple[list[str], int] | None) -> dict:
    """One model's part of a trace: "thinking" [[label, line]], "marks" of the lines, and by budget "answers" (labels of
    what follows the thinking) and "values" (the numbers in them); "tokens": how many it wrote, the end included."""
    whole, thinks = attempts[-1], len(attempts) - 1
    labels = token_labels(tokenizer, whole.ids[1 : 1 + thinks])
    lines = accumulate((label == "，" for label in labels[:-1]), initial=0) if labels else []
    return {
        "thinking": [[label, line] for label, line in zip(labels, lines, strict=True)],
        "marks": marks(whole.thinking.split("，"), known[0]) if known and thinks else None,
        "answers": [token_labels(tokenizer, a.ids[2 + budget if thinks else 0 :]) for budget, a in enumerate(attempts)],
        "values": [a.answer for a in attempts],
        "tokens": len(whole.ids),
    }


def _wrapped(text: str, room: int, size: int) -> list[str]:
    """`text` in rows of at most `room` pixels; Chinese breaks anywhere, English at spaces."""
    rows, row = [], ""
    for piece in text.split(" ") if " " in text else text:
        longer = f"{row} {piece}" if " " in text and row else row + piece
        if row and svg.width(longer, size) > room:
            rows.append(row)
            longer = piece
        row = longer
    return [svg.fit(each, size, room) for each in [*rows, row]]
