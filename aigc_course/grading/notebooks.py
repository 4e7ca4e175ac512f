"""Reading what was handed in: which cells run, in which order, where each question is checked, what is odd about it."""

import json
import re
from dataclasses import dataclass, field

import nbformat

from aigc_course.errors import CourseError
from aigc_course.grading.lab import Cell, Lab
from aigc_course.grading.limits import Limits
from aigc_course.i18n import LANGS, get_lang

_LANG_LINE = re.compile(r"""^lang = ["'](zh|en)["']""", re.M)
_CHECK_LINE = re.compile(r"""check\(["']([a-z_]+\.q[0-9]+)["']\)""")

Note = tuple[str, str]


class Unreadable(CourseError):
    """What was handed in is no notebook; str() says why."""


@dataclass(frozen=True)
class Step:
    """One thing to do: run the code of cell number `cell`, or, where `check` names a question, check its answer."""

    cell: int
    code: str = ""
    check: str = ""


@dataclass(frozen=True)
class Piece:
    """A cell as it is graded: locked text is the release's. known: the released cell that it is, if any."""

    kind: str
    text: str
    known: Cell | None


@dataclass(frozen=True)
class Submitted:
    """A submission that could be read. answers: what the student wrote, by question, "" where it is missing. problem:
    why there is nothing to grade in it, if so."""

    lang: str
    pieces: tuple[Piece, ...]
    steps: tuple[Step, ...]
    answers: dict[str, str]
    notes: list[Note] = field(default_factory=list)
    problem: Note = ("", "")


def read(data: bytes, lab: Lab, limits: Limits) -> Submitted:
    """What to run and to check of a submission. Unreadable where it is no notebook."""
    notebook = _parse(data, limits)
    notes: list[Note] = []
    raw = _cells(notebook, limits, notes)
    lang = _language(notebook, raw)
    slug = _mapping(_mapping(notebook.get("metadata")).get("aigc")).get("slug")
    problem = ("里面没有这个练习的答案格。", "It has no answer cell of this lab.")
    if isinstance(slug, str) and slug != lab.slug:
        problem = (f"这份笔记本是练习“{slug[:40]}”的。", f"This notebook is of the lab “{slug[:40]}”.")
        notes.append(problem)
    pieces = _pieces(raw, lab, lang, notes)
    answers = {asked.id: "" for asked in lab.questions}
    if not {asked.answer_id for asked in lab.questions} & {piece.known.grade_id for piece in pieces if piece.known}:
        return Submitted(lang, pieces, _steps(pieces, lab, []), answers, notes, problem)
    for asked in lab.questions:
        places = [i for i, piece in enumerate(pieces) if piece.known and piece.known.grade_id == asked.answer_id]
        if places:
            answers[asked.id] = pieces[places[-1]].text
        else:
            notes.append((f"没有找到 {asked.id} 的答案格。", f"The answer cell of {asked.id} is missing."))
    return Submitted(lang, pieces, _steps(pieces, lab, notes), answers, notes)


def _parse(data: bytes, limits: Limits) -> dict:
    if len(data) > limits.file:
        raise Unreadable(
            f"文件太大：{len(data) / 1e6:.0f} MB，最多 {limits.file / 1e6:.0f} MB。请清除输出后重新提交。",
            f"The file is too large: {len(data) / 1e6:.0f} MB, at most {limits.file / 1e6:.0f} MB. "
            "Clear the outputs and hand it in again.",
        )
    if not data.strip():
        raise Unreadable("文件是空的。", "The file is empty.")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        json.dumps(notebook).encode("utf-8")  # also refuses what is nested too deep to be written again
    except (ValueError, RecursionError):
        raise Unreadable(
            "文件读不出来，它不是完整的 JSON。请从 Jupyter 里重新下载笔记本再提交。",
            "The file cannot be read: it is not whole JSON. Download the notebook from Jupyter again and hand that in.",
        ) from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise Unreadable("这个文件不是 Jupyter 笔记本。", "This file is not a Jupyter notebook.")
    if notebook["nbformat"] == 3:
        try:
            notebook = json.loads(nbformat.writes(nbformat.convert(nbformat.reads(json.dumps(notebook), 3), 4)))
        except Exception:  # nbformat trusts what it converts
            notebook = {}
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise Unreadable(
            "笔记本的格式不对：要 nbformat 4。请用现在的 Jupyter 打开、保存，再提交。",
            "The notebook's format is wrong, nbformat 4 is needed: open it in a present Jupyter, save, hand that in.",
        )
    return notebook


def _mapping(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _cells(notebook: dict, limits: Limits, notes: list[Note]) -> list[tuple[str, str, dict, str]]:
    """(kind, text, nbgrader's metadata, cell id) of each cell that is one."""
    found, odd = [], 0
    for cell in notebook["cells"][: limits.cells]:
        text = _mapping(cell).get("source")
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "".join(text)
        kind = _mapping(cell).get("cell_type")
        if not isinstance(text, str) or kind not in ("code", "markdown", "raw"):
            odd += 1
            continue
        id, marks = cell.get("id"), _mapping(_mapping(cell.get("metadata")).get("nbgrader"))
        text = text.encode("utf-8", "replace").decode()  # half a character cannot be sent to a kernel
        found.append((kind, text, marks, id if isinstance(id, str) else ""))
    if odd:
        notes.append((f"有 {odd} 格损坏，没有运行。", f"{odd} damaged cells were left out."))
    if len(notebook["cells"]) > limits.cells:
        notes.append(
            (f"格子太多，只看前 {limits.cells} 格。", f"Too many cells: only the first {limits.cells} were used.")
        )
    return found


def _language(notebook: dict, raw: list[tuple[str, str, dict, str]]) -> str:
    """The edition: as its metadata say, else its first `lang = …`, else the grader's own language."""
    told = _mapping(_mapping(notebook.get("metadata")).get("aigc")).get("lang")
    if told in LANGS:
        return told
    said = [match[1] for kind, text, *_ in raw if kind == "code" and (match := _LANG_LINE.search(text))]
    return said[0] if said else get_lang()


def _pieces(raw: list[tuple[str, str, dict, str]], lab: Lab, lang: str, notes: list[Note]) -> tuple[Piece, ...]:
    """The cells in the student's order, known ones recognised and locked ones as released."""
    by_id = {cell.id: cell for cell in lab.cells.values()}
    known: list[Cell | None] = []
    for _, _, marks, id in raw:
        name = marks.get("grade_id")
        known.append(lab.cells.get(name) if isinstance(name, str) else None)
        if known[-1] is None and id in by_id:
            known[-1] = by_id[id]  # the id of the cell outlives a lost or changed mark
    last = {cell.grade_id: place for place, cell in enumerate(known) if cell}
    pieces = []
    for place, ((kind, text, _, _), cell) in enumerate(zip(raw, known, strict=True)):
        if cell and last[cell.grade_id] != place:
            if not cell.locked:
                notes.append(
                    (
                        f"{cell.grade_id} 有不止一格，最后一格算数。",
                        f"There are several {cell.grade_id}: the last counts.",
                    )
                )
            pieces.append(Piece("markdown" if cell.locked else kind, "" if cell.locked else text, None))
            continue
        if cell and cell.locked and text.strip() not in [one.strip() for one in cell.sources.values()]:
            notes.append(
                (
                    f"题目的格子 {cell.grade_id} 被改过，按原来的算。",
                    f"The locked cell {cell.grade_id} was changed: restored.",
                )
            )
        pieces.append(Piece(cell.kind if cell else kind, cell.sources[lang] if cell and cell.locked else text, cell))
    return tuple(pieces)


def _steps(pieces: tuple[Piece, ...], lab: Lab, notes: list[Note]) -> tuple[Step, ...]:
    """Code in the student's order; each question where its check stands, or after its answer, or at the end."""
    checks: dict[int, list[str]] = {}
    for asked in (asked for asked in lab.questions if not asked.manual):
        places: dict[str, list[int]] = {"check": [], "typed": [], "answer": []}
        for place, piece in enumerate(pieces):
            name = piece.known.grade_id if piece.known else ""
            typed = _CHECK_LINE.fullmatch(piece.text.strip()) if piece.kind == "code" and not piece.known else None
            if name == asked.grade_id:
                places["check"].append(place)
            elif typed and typed[1] == asked.id:
                places["typed"].append(place)
            elif name == asked.answer_id:
                places["answer"].append(place)
        found = places["check"] or places["typed"] or places["answer"] or [len(pieces) - 1]
        if not places["check"]:
            notes.append(
                (
                    f"{asked.id} 的检查格被删掉了，照样检查了。",
                    f"The check cell of {asked.id} was deleted; checked anyway.",
                )
            )
        checks.setdefault(found[-1], []).append(asked.id)
    graded = {asked.grade_id for asked in lab.questions if not asked.manual}
    steps = []
    for place, piece in enumerate(pieces):
        own = piece.known is not None and piece.known.grade_id in graded
        if piece.kind == "code" and not own and piece.text.strip():
            steps.append(Step(place, code=piece.text))
        steps += [Step(place, check=id) for id in checks.get(place, ())]
    if not pieces:
        steps += [Step(-1, check=id) for id in checks.get(-1, ())]
    return tuple(steps)
