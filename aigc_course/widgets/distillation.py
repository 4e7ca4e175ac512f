"""The distillation explorer: what a teacher hands over after a text, and what a student makes of it while it learns."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from traitlets import Bytes, Dict, Int, List, Unicode

from aigc_course import grammar, hub, sampling
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, t
from aigc_course.tokens import utf8
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.labels import token_labels

CONTEXTS = {
    "zh": ("今天天气不错，我决定", "晚饭我们吃", "外面下雨了，", "我最喜欢的颜色是", "一个星期有七"),
    "en": (
        "The weather is nice today, so I decided to",
        "For dinner we are having",
        "It is raining outside, so",
        "My favourite colour is",
        "There are seven days in a",
    ),
}
LABELLED = 24  # the teacher's likeliest tokens, named; the page shows half of them
REMEMBERED = 64  # contexts kept, so that going back does not run the models again
STILL_ROWS = 5
STUDENT = "#007a5a"


class DistillationExplorer(CourseWidget):
    """A teacher's soft labels under a temperature, words drawn from the truth, a student at moments of its training.

    students: what it is called → [(step, model)], the moments in order; they share the teacher's tokenizer. context:
    the text to begin with. teacher: (model, tokenizer), by default `lm`, whose true probabilities the grammar knows.
    """

    _esm, _css = page_files(__file__, "sampling_maths")

    context = Unicode(help="the text to begin with").tag(sync=True)
    contexts = Dict(help="language → texts to choose from").tag(sync=True)
    students = List(help="[{name, steps}]").tag(sync=True)
    seed = Int(1, help="seed of the words drawn in the page").tag(sync=True)
    start = Dict(help="ids, labels and truth of the context").tag(sync=True)
    logits = Bytes(help="float32 logits after the context: the teacher's, then each student's, moment by moment").tag(
        sync=True
    )

    def __init__(
        self, students: Mapping[str, Sequence[tuple[int, object]]], context: str = "", teacher=None, **kwargs
    ) -> None:
        if not students or not all(students.values()):
            raise CourseError(
                "至少要一个学生，每个学生至少一个时刻：{名字: [(步数, 模型), …]}。",
                "At least one student with one moment is needed: {name: [(step, model), …]}.",
            )
        self._teacher, self._tokenizer = teacher or hub.load_lm("lm", "cpu")
        self._models = [self._teacher, *(model for moments in students.values() for _, model in moments)]
        self._remembered: OrderedDict[str, tuple[dict, bytes]] = OrderedDict()
        context = context or t(*(CONTEXTS[lang][0] for lang in LANGS))
        start, logits = self._after(context)
        named = [{"name": name, "steps": [step for step, _ in moments]} for name, moments in students.items()]
        contexts = {lang: list(texts) for lang, texts in CONTEXTS.items()}
        super().__init__(context=context, contexts=contexts, students=named, start=start, logits=logits, **kwargs)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """{"context": text} → its tokens' labels and the truth, and the logits of all the models."""
        reply, logits = self._after(str(question.get("context", "")))
        return reply, [logits]

    def _after(self, text: str) -> tuple[dict, bytes]:
        utf8(text)
        ids, room = sampling.encode(self._tokenizer, text), self._teacher.config.max_position_embeddings
        if len(ids) > room:
            raise CourseError(
                f"文字有 {len(ids)} 个 token，模型最多读 {room} 个，请写短一些。",
                f"The text has {len(ids)} tokens; the models read {room} at most. Shorten it.",
            )
        if text not in self._remembered:
            self._remembered[text] = self._compute(ids)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[text]

    def _compute(self, ids: list[int]) -> tuple[dict, bytes]:
        logits = torch.stack([sampling.next_logits(model, ids) for model in self._models])
        truth = grammar.next_token_probs(ids, self._tokenizer)
        named = list(dict.fromkeys([*logits[0].topk(min(LABELLED, logits.shape[1])).indices.tolist(), *truth]))
        labels = [[i, name] for i, name in zip(named, token_labels(self._tokenizer, named), strict=True)]
        pairs = [[i, round(p, 6)] for i, p in truth.items()] or None
        return {"labels": labels, "truth": pairs}, logits.numpy().astype("<f4").tobytes()

    def static_svg(self) -> str:
        """The teacher's soft labels at two temperatures, the truth, and the first student at its last moment."""
        every = torch.frombuffer(bytearray(self.logits), dtype=torch.float32).view(len(self._models), -1)
        labels, true = dict(self.start["labels"]), dict(self.start["truth"] or [])
        first = self.students[0]
        columns = [
            (t("老师 T = 1", "teacher T = 1"), svg.MODEL, every[0].softmax(-1).tolist()),
            (t("老师 T = 2", "teacher T = 2"), svg.MODEL, (every[0] / 2).softmax(-1).tolist()),
            (t("真实概率", "truth"), svg.TRUTH, [true.get(i, 0.0) for i in range(every.shape[1])]),
            (
                t(f"学生，第 {first['steps'][-1]} 步", f"student, step {first['steps'][-1]}"),
                STUDENT,
                every[len(first["steps"])].softmax(-1).tolist(),
            ),
        ]
        if not true:
            del columns[2]
        rows = sorted(labels, key=lambda i: (-round(columns[0][2][i], 3), i))[:STILL_ROWS]
        shapes = [
            svg.text(24, 36, t("蒸馏观察台", "The distillation explorer"), 18, font_weight=600),
            svg.text(24, 64, svg.fit(f"{self.context} …", 16, 700), 16),
        ]
        names = [svg.fit(labels[token], 15, 96) for token in rows] + [t("其余", "others")]
        for at, (heading, colour, probs) in enumerate(columns):
            left, shares = 130 + 154 * at, [probs[token] for token in rows]
            shapes.append(svg.text(left, 98, svg.fit(heading, 13, 146), 13, svg.SOFT))
            for place, share in enumerate([*shares, max(0.0, sum(probs) - sum(shares))]):
                y = 112 + 34 * place
                shapes.append(svg.box(left, y, round(88 * share), 22, colour, rx=2))
                shapes.append(svg.text(left + 92, y + 17, f"{100 * share:.0f}%", 14))
        for place, name in enumerate(names):
            shapes.append(svg.text(120, 112 + 34 * place + 17, name, 15, text_anchor="end"))
        bottom = 112 + 34 * len(names)
        note = t("静态图；运行单元格就能操作", "A still picture: run the cell to use it")
        shapes.append(svg.text(736, bottom + 20, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, bottom + 36, self.context, shapes)
