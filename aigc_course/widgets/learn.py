"""The forms of the learning aids: a prediction to make, five questions to answer."""

from collections.abc import Callable

from traitlets import Any, Bool, Dict, List, Unicode

from aigc_course.cards import inline
from aigc_course.i18n import t
from aigc_course.widgets.base import CourseWidget, page_files


class Prediction(CourseWidget):
    """A question with options (`value`: index of the chosen one) or a number to type (`value`: float); None: no answer.

    saved: called with each new value. Once `locked` the form shows the value but takes no other.
    """

    _esm, _css = page_files(__file__)
    kind = Unicode("prediction").tag(sync=True)
    question = Unicode().tag(sync=True)
    options = List(Unicode()).tag(sync=True)
    unit = Unicode().tag(sync=True)
    value = Any(None, allow_none=True).tag(sync=True)
    locked = Bool(False).tag(sync=True)

    def __init__(self, saved: Callable[[float | int | None], None], **traits) -> None:
        super().__init__(**traits)
        self.observe(lambda change: saved(change["new"]), names="value")

    def static_html(self) -> str:
        todo = t("运行这一格，先写下你的预测。", "Run this cell to write down your prediction first.")
        options = "".join(f"<li>{inline(option)}</li>" for option in self.options)
        return f"<p><b>{inline(self.question)}</b></p>{f'<ul>{options}</ul>' if options else ''}<p><em>{todo}</em></p>"


class SelfCheck(CourseWidget):
    """Multiple-choice questions, marked in the page. `passed`: indices of the questions answered rightly.

    questions: dicts with question, options, answer (index), why. saved: called with the index of a newly passed one.
    """

    _esm, _css = page_files(__file__)
    kind = Unicode("selfcheck").tag(sync=True)
    questions = List(Dict()).tag(sync=True)
    passed = List().tag(sync=True)

    def __init__(self, saved: Callable[[int], None], **traits) -> None:
        super().__init__(**traits)
        self.observe(lambda change: [saved(i) for i in change["new"] if i not in change["old"]], names="passed")

    def static_html(self) -> str:
        todo = t("运行这一格来作答。", "Run this cell to answer.")
        items = "".join(
            f"<li>{inline(q['question'])}<ul>{''.join(f'<li>{inline(o)}</li>' for o in q['options'])}</ul></li>"
            for q in self.questions
        )
        return f"<ol>{items}</ol><p><em>{todo}</em></p>"
