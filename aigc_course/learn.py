"""Learning aids: predict before you look, see your prediction beside the result, check yourself."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from aigc_course import progress
from aigc_course.cards import inline, show
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang, t
from aigc_course.plot import COLORS
from aigc_course.widgets.learn import Prediction, SelfCheck

QUIZ_LENGTH = 5

# the forms of this session, so that a reveal can name the options and lock the form
_forms: dict[str, Prediction] = {}


def predict(id: str, question: str, options: list[str] | None = None, number: bool = False, unit: str = "") -> None:
    """Show a form for a prediction: choose one of `options`, or type a number in `unit`.

    The choice is saved as soon as it is made, under `id` ("slug.p1"): the index of an option, or a float.
    """
    if bool(options) == number:
        raise ValueError(f"{id}: give either options or number=True")
    kept = progress.prediction(id)
    if not _fits(kept, options or []):
        kept = None
    form = Prediction(
        lambda value: progress.save_prediction(id, value),
        question=question,
        options=options or [],
        unit=unit,
        value=kept,
    )
    _forms[id] = form
    from IPython.display import display

    display(form)


def _fits(value: object, options: list[str]) -> bool:
    """Whether a saved prediction belongs to a form with these options (none: a number)."""
    if options:
        return type(value) is int and 0 <= value < len(options)
    return type(value) in (int, float) and math.isfinite(value)


def reveal(id: str, truth: float | int | str, sentence: str, label: str | None = None) -> None:
    """Show what was predicted under `id` beside the `truth`, then `sentence`; the form takes no more changes.

    truth: a number; for a form with options the right one's index or text. Without a prediction only the truth shows.
    label: what the truth is, where it was not measured in the lesson ("estimated", "the report says").
    CourseError if the prediction's form has not been shown in this session.
    """
    if id not in _forms:
        raise CourseError("请先运行上面写预测的那一格。", "Run the cell above with the prediction first.")
    form = _forms[id]
    options = form.options
    if options and not isinstance(truth, str):
        truth = options[truth]
    if options and truth not in options:
        raise ValueError(f"{id}: {truth!r} is none of the options {options}")
    named = label or (t("实际", "in fact") if options else t("测得", "measured"))
    cells = [(named, _written(truth, form.unit), COLORS["truth"])]
    text, guess = sentence, progress.prediction(id)
    if _fits(guess, options):
        form.locked = True
        said = options[guess] if options else guess
        cells.insert(0, (t("你的预测", "you said"), _written(said, form.unit), COLORS["model"]))
        comment = _compare(said, truth, form.unit)
        text = t(comment + sentence, f"{comment} {sentence}")
    plain = "  |  ".join(t(f"{name}：{value}", f"{name}: {value}") for name, value, _ in cells)
    boxes = "".join(
        f'<div style="display:inline-block;border-left:4px solid {colour};padding:2px 28px 2px 12px;margin:4px 0">'
        f'<small>{inline(name)}</small><br><b style="font-size:150%">{inline(value)}</b></div>'
        for name, value, colour in cells
    )
    show(f"{plain}\n{text}", f"<div>{boxes}</div><p>{inline(text)}</p>")


def _written(value: float | int | str, unit: str) -> str:
    """A number with at most three digits that mean something, and its unit; text as it is."""
    if isinstance(value, str):
        return value
    figure = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.3g}"
    return figure + unit if unit == "%" else f"{figure} {unit}".strip()


def _compare(guess: float | str, truth: float | str, unit: str = "") -> str:
    """A kind word about how near the guess was; a few points of a hundred are near however small the true share is."""
    if isinstance(truth, str):
        if guess == truth:
            return t("你猜对了。", "You guessed right.")
        return t("和你想的不一样，这样才记得牢。", "Not what you expected, which is how things stick.")
    off = abs(guess - truth)
    error, points = off / max(abs(truth), 1e-12), off if unit == "%" else math.inf
    if error <= 0.05 or points <= 1:
        return t("猜得真准。", "Spot on.")
    if error <= 0.3 or points <= 5:
        return t("相当接近。", "Pretty close.")
    return t("差得不少，正好说明这里值得细看。", "Quite a way off, so there is something here worth a closer look.")


@dataclass(frozen=True)
class QuizQuestion:
    """One self-check question. answer: index into both lists of options."""

    question_zh: str
    question_en: str
    options_zh: tuple[str, ...]
    options_en: tuple[str, ...]
    answer: int
    why_zh: str
    why_en: str


def quiz_path(slug: str) -> Path:
    """Where the self-check questions of a lesson stand."""
    return Path(__file__).parent / "quiz" / f"{slug}.toml"


def read_quiz(path: Path) -> list[QuizQuestion]:
    """The questions of one quiz file ([[question]] tables); CourseError says what is wrong with which question."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CourseError(
            f"读不了自测题 {path.name}（{reason}），请用 git checkout 恢复或改好这个文件。",
            f"Cannot read the quiz {path.name} ({reason}): restore the file with git checkout, or mend it.",
        ) from error
    entries = data.get("question", [])
    if set(data) != {"question"} or len(entries) != QUIZ_LENGTH:
        raise CourseError(
            f"{path.name} 应该正好有 {QUIZ_LENGTH} 个 [[question]]，现在有 {len(entries)} 个。",
            f"{path.name} must hold exactly {QUIZ_LENGTH} [[question]] tables and nothing else; it has {len(entries)}.",
        )
    for number, entry in enumerate(entries, start=1):
        fault = _fault(entry)
        if fault:
            raise CourseError(f"{path.name} 第 {number} 题：{fault[0]}", f"{path.name}, question {number}: {fault[1]}")
    return [QuizQuestion(**{k: tuple(v) if isinstance(v, list) else v for k, v in e.items()}) for e in entries]


def _fault(entry: dict) -> tuple[str, str] | None:
    """What is wrong with one question, in both languages."""
    fields = QuizQuestion.__dataclass_fields__
    if set(entry) != set(fields):
        odd = "、".join(sorted(set(entry) ^ set(fields)))
        return f"多了或少了 {odd}。", f"missing or unknown: {odd.replace('、', ', ')}."
    texts = [entry[f"{name}_{lang}"] for name in ("question", "why") for lang in ("zh", "en")]
    lists = [entry["options_zh"], entry["options_en"]]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return "题目和解释不能空着。", "question and why must be filled in."
    if not all(isinstance(one, list) and all(isinstance(o, str) and o.strip() for o in one) for one in lists):
        return "选项要是一列不空的文字。", "options must be lists of texts, none empty."
    if len(lists[0]) != len(lists[1]) or len(lists[0]) < 2:
        return "两种语言的选项要一样多，至少两个。", "both languages need the same number of options, at least two."
    if any(len(set(one)) != len(one) for one in lists):
        return "有两个选项一样。", "two options are the same."
    if type(entry["answer"]) is not int or not 0 <= entry["answer"] < len(lists[0]):
        return "answer 要是选项的编号，从 0 数起。", "answer must be the index of an option, counted from 0."
    return None


def selfcheck(slug: str) -> None:
    """Show the lesson's five questions, marked in the page; those answered rightly are saved as "slug.s1" and so on."""
    quiz = read_quiz(quiz_path(slug))
    lang = get_lang()
    questions = [
        {
            "question": getattr(q, f"question_{lang}"),
            "options": list(getattr(q, f"options_{lang}")),
            "answer": q.answer,
            "why": getattr(q, f"why_{lang}"),
        }
        for q in quiz
    ]
    done = progress.load()["checks"]
    passed = [i for i in range(len(quiz)) if done.get(f"{slug}.s{i + 1}")]
    from IPython.display import display

    display(SelfCheck(lambda i: progress.save_check(f"{slug}.s{i + 1}", True), questions=questions, passed=passed))
