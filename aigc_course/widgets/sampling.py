"""The next-token steering wheel: a model's probabilities beside the true ones, and a hand on the choice."""

from collections import OrderedDict
from collections.abc import Callable

import torch
from traitlets import Bytes, Dict, Int, List, Unicode

from aigc_course import grammar, hub, lesson, sampling
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.tokens import utf8
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.labels import token_labels

LABELLED = 64  # likeliest tokens whose names travel with the logits; the page shows 12
REMEMBERED = 256  # contexts kept, so that going back and forth does not run the model again
STILL_ROWS, STILL_LEAST = 8, 0.005
Truth = Callable[[list[int]], dict[int, float]]


def percent(p: float) -> str:
    """0.7031 → "70.3%", as in the page; what is there but tiny is not called 0."""
    if p < 5e-4:
        return "<0.1%" if p > 1e-12 else "0"
    return "100%" if p > 0.9995 else f"{100 * p:.1f}%"


class SteeringWheel(CourseWidget):
    """Steer a model token by token. In the page: sliders, forced choices, seeded draws, going back, branches.

    prompt: the text to begin with. model: a role of course.toml, or (model, tokenizer). seed: of the draws in the page.
    truth: context ids → {token id: true probability}, {} where unknown; by default the grammar that taught the
    bundled model, and nothing for tier "gpu", whose models learned from other texts.
    """

    _esm, _css = page_files(__file__, "sampling_maths")

    prompt = Unicode(help="the text to begin with").tag(sync=True)
    seed = Int(1, help="seed of the draws in the page").tag(sync=True)
    ends = List(Int(), help="ids after which a text is complete").tag(sync=True)
    start = Dict(help="ids, labels and truth of the prompt").tag(sync=True)
    logits = Bytes(help="float32 logits (vocab,) after the prompt").tag(sync=True)

    def __init__(self, prompt: str, model="lm", truth: Truth | None = None, seed: int = 1, **kwargs) -> None:
        self._model, self._tokenizer = hub.load_lm(model) if isinstance(model, str) else model
        self._truth = truth or self._grammar
        self._remembered: OrderedDict[tuple[int, ...], tuple[dict, bytes]] = OrderedDict()
        start, logits = self._begin(prompt)
        super().__init__(prompt=prompt, seed=seed, ends=self._ends(), start=start, logits=logits, **kwargs)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """{"kind": "begin", "prompt": text} or {"kind": "context", "ids": [...]} → labels and truth, and the logits."""
        if question.get("kind") == "begin":
            reply, logits = self._begin(str(question.get("prompt", "")))
        else:
            reply, logits = self._context(question.get("ids"))
        return reply, [logits]

    def _grammar(self, ids: list[int]) -> dict[int, float]:
        """The default truth; the grammar reads only tokenizers that put a start token in front, as "lm" does."""
        taught = lesson.tier() == "cpu" and ids[0] == self._tokenizer.bos_token_id
        return grammar.next_token_probs(ids, self._tokenizer) if taught else {}

    def _ends(self) -> list[int]:
        ends = self._model.generation_config.eos_token_id
        ends = self._tokenizer.eos_token_id if ends is None else ends
        return ends if isinstance(ends, list) else [i for i in [ends] if i is not None]

    def _begin(self, prompt: str) -> tuple[dict, bytes]:
        utf8(prompt)
        ids = sampling.encode(self._tokenizer, prompt)
        reply, logits = self._context(ids)
        return {**reply, "ids": ids}, logits

    def _context(self, ids: list[int]) -> tuple[dict, bytes]:
        """What the page needs to know after `ids`: ({"labels": [[id, label]], "truth": [[id, p]] or None}, logits)."""
        vocab, room = self._model.config.vocab_size, self._model.config.max_position_embeddings
        if not (isinstance(ids, list) and ids and all(type(i) is int and 0 <= i < vocab for i in ids)):
            raise CourseError(
                "这不是一串 token 编号。请重新运行这个单元格。", "These are not token ids: run this cell again."
            )
        if len(ids) > room:
            raise CourseError(
                f"文字有 {len(ids)} 个 token，模型最多读 {room} 个。请退回去，或者换一段短的。",
                f"The text has {len(ids)} tokens; the model reads {room} at most. "
                "Go back, or begin with a shorter one.",
            )
        key = tuple(ids)
        if key not in self._remembered:
            self._remembered[key] = self._compute(ids)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[key]

    def _compute(self, ids: list[int]) -> tuple[dict, bytes]:
        logits = sampling.next_logits(self._model, ids)
        truth = self._truth(ids)
        named = dict.fromkeys([*ids, *logits.topk(min(LABELLED, len(logits))).indices.tolist(), *truth])
        labels = [[i, name] for i, name in zip(named, token_labels(self._tokenizer, named), strict=True)]
        pairs = [[i, round(p, 6)] for i, p in truth.items()] or None
        return {"labels": labels, "truth": pairs}, logits.numpy().astype("<f4").tobytes()

    def static_svg(self) -> str:
        """The prompt and the likeliest next tokens, the model's probability above the true one."""
        labels, truth = dict(self.start["labels"]), self.start["truth"]
        probs = sampling.softmax(torch.frombuffer(bytearray(self.logits), dtype=torch.float32)).tolist()
        true = dict(truth or [])
        # what is hardly likely is left out: near-equal tokens could change places from run to run
        shown = [i for i, p in enumerate(probs) if p >= STILL_LEAST or true.get(i, 0) >= STILL_LEAST]
        shown = sorted(shown, key=lambda i: (-round(probs[i], 3), i))[:STILL_ROWS]
        shapes, x, y = [], 24, 56
        shapes.append(svg.text(x, 36, t("下一个 token 的方向盘", "The next-token steering wheel"), 18, font_weight=600))
        for token in self.start["ids"]:
            label = svg.fit(labels[token], 18, 300)
            w = svg.width(label, 18) + 18
            if x + w > 736:
                x, y = 24, y + 42
            shapes.append(svg.box(x, y, w, 34, svg.PANEL, rx=7, stroke=svg.LINE))
            shapes.append(svg.text(x + w // 2, y + 23, label, 18, text_anchor="middle"))
            x += w + 6
        y += 62
        for i in shown:
            shapes.append(svg.text(150, y + 19, svg.fit(labels[i], 16, 126), 16, text_anchor="end"))
            shapes.append(svg.box(166, y + 3, round(430 * probs[i]), 12, svg.MODEL, rx=2))
            shapes.append(svg.text(660, y + 18, percent(probs[i]), 15, svg.MODEL, text_anchor="end"))
            if truth:
                shapes.append(svg.box(166, y + 17, round(430 * true.get(i, 0)), 7, svg.TRUTH, rx=2))
                shapes.append(svg.text(730, y + 18, percent(true.get(i, 0)), 15, svg.TRUTH, text_anchor="end"))
            y += 34
        shapes.append(svg.box(166, y + 6, 12, 12, svg.MODEL, rx=2))
        shapes.append(svg.text(184, y + 17, t("模型", "model"), 13, svg.SOFT))
        if truth:
            shapes.append(svg.box(256, y + 6, 12, 12, svg.TRUTH, rx=2))
            shapes.append(svg.text(274, y + 17, t("真实概率", "true probability"), 13, svg.SOFT))
        note = t("静态图；运行单元格就能操作", "A still picture: run the cell to steer")
        shapes.append(svg.text(736, y + 17, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, y + 36, self.prompt, shapes)
