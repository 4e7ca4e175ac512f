"""Feedback for one student: a page that needs nothing but itself, in the language of the submission."""

from html import escape

from aigc_course import course
from aigc_course.grading.gradebook import Marks
from aigc_course.i18n import get_lang, t

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #b3261e; --open: #8a6100; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --good: #57c770; --bad: #ff8a80; --open: #e3b341; } }
body { font: 16px/1.6 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; max-width: 46rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 0; }
.score { font-size: 2rem; font-weight: 700; } .soft { opacity: .75; font-size: .9rem; }
section { border: 1px solid var(--line); border-left: 5px solid; border-radius: 6px; padding: .8rem 1rem;
  margin: 1rem 0; }
.good { border-left-color: var(--good); } .bad { border-left-color: var(--bad); }
.open { border-left-color: var(--open); }
header { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
pre { background: var(--soft); padding: .6rem .8rem; overflow-x: auto; border-radius: 4px; font-size: .9rem;
  line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
.comment { border-left: 3px solid var(--open); padding-left: .8rem; }
footer { margin: 2rem 0; border-top: 1px solid var(--line); padding-top: .6rem; overflow-wrap: anywhere; }
"""


def points(value: float) -> str:
    """A number of points without needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def page(result: dict, marks: Marks) -> str:
    """The page for a stored result (see `grade.finished`), in the current language. Shows the student's own words, the
    verdicts and their hints, and nothing of the hidden inputs: the result holds none."""
    lesson = course.lesson(result["lab"])
    title = t(f"反馈 · {lesson.title}", f"Feedback · {lesson.title}")
    count = len(marks.open)
    total = (
        f'<p><span class="score">{points(result["total"])}</span> / {points(result["max_score"])} '
        + (t(f"，还有 {count} 题等老师批改", f", {count} still to be marked") if count else "")
        + "</p>"
    )
    late = result["late"]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(result["student"])}</p>',
        total,
        _paragraph(result["problem"], "comment"),
        _paragraph(
            t(
                f"迟交 {late['days']} 天，扣 {points(late['penalty'])} 分。",
                f"Days late: {late['days']}; points off: {points(late['penalty'])}.",
            )
            if late["days"]
            else ""
        ),
        _list([*result["notes"], *(one["sentence"] for one in result["failed_cells"])]),
        *(_question(one, marks) for one in result["questions"]),
        _footer(result),
    ]
    body = "\n".join(filter(None, parts))
    return (
        f'<!DOCTYPE html>\n<html lang="{get_lang()}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if text else ""


def _list(sentences: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in sentences) + "</ul>" if sentences else ""


def _question(one: dict, marks: Marks) -> str:
    name, waiting = one["grade_id"], one["grade_id"] in marks.open
    got = marks.scores.get(name, 0.0)
    full = got >= one["max_points"]
    kind, mark = ("open", "…") if waiting else ("good", "✓") if full else ("open", "△") if got else ("bad", "✗")
    number = one["id"].rpartition("q")[2]
    said = t("待批改", "to be marked") if waiting else f"{points(got)} / {points(one['max_points'])}"
    overruled = marks.auto.get(name) is not None and got != marks.auto[name]
    graded = one["manual"] and not waiting and one["reason"] == "open"
    heading = f"{mark} {t(f'第 {number} 题', f'Question {number}')}"
    parts = [f'<section class="{kind}"><header><h2>{heading}</h2><span>{said}</span></header>']
    if not graded:
        parts.append(_paragraph(one["hint"]))
    if one["example"]:
        parts.append(_paragraph(t("试的是", "tried"), "soft") + f"<pre>{escape(one['example'])}</pre>")
    if overruled:
        parts.append(_paragraph(t("老师改过分数。", "Your instructor changed the points."), "soft"))
    parts.append(_paragraph(marks.comments.get(name.removesuffix("-check"), ""), "comment"))
    if one["answer"].strip():
        shown = t("你的答案", "your answer")
        parts.append(f"<details><summary>{shown}</summary><pre>{escape(one['answer'])}</pre></details>")
    return "\n".join(filter(None, [*parts, "</section>"]))


def _footer(result: dict) -> str:
    receipt = result["receipt"]
    rows = [
        t(f"提交：{result['handed_in']}", f"Handed in: {result['handed_in']}"),
        t(f"收到：{receipt['received']}", f"Received: {receipt['received']}"),
        f"SHA-256: {receipt['sha256']}",
        t(f"评分用时 {result['seconds']:.1f} 秒", f"Graded in {result['seconds']:.1f} s"),
    ]
    return '<footer class="soft">' + "<br>".join(map(escape, rows)) + "</footer>"
