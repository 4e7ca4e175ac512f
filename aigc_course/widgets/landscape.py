"""The map of terms: click a word for what it means, what it belongs to, and what it is mistaken for."""

import re

from traitlets import Dict, List, Unicode

from aigc_course import course, glossary, landscape
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, get_lang
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

START = "generative ai"
GREEN, ORANGE = "#009e73", "#e69f00"
COLOURS = {"kind_of": svg.MODEL, "has_kind": svg.MODEL, "part_of": GREEN, "has_part": GREEN, "confused_with": ORANGE}
ROW, STEP, CARD = 21, 20, 360  # pixels of the still picture: a row, an indentation, the left edge of the card


class TermMap(CourseWidget):
    """All terms as a tree, with the chosen one's definition, neighbours, example and lesson. start: a term to begin
    with, a key of `landscape.terms()`. Everything is sent once; the page needs no Python.
    """

    _esm, _css = page_files(__file__)

    terms = List(Dict(), help="of each term: key, name, other, depth, part, definition, example, lesson, near").tag(
        sync=True
    )
    relations = Dict(help="relation → its words").tag(sync=True)
    start = Unicode(help="the term to begin with").tag(sync=True)

    def __init__(self, start: str = START, lang: str | None = None, **kwargs) -> None:
        if start not in landscape.terms():
            known = ", ".join(landscape.terms())
            raise CourseError(
                f"词的地图上没有“{start}”，可选：{known}。", f"The map of terms has no “{start}”. Known: {known}."
            )
        lang = lang or get_lang()
        at = LANGS.index(lang)
        super().__init__(
            terms=[_sent(depth, key, lang) for depth, key in landscape.tree()],
            relations={relation: words[at] for relation, words in landscape.RELATIONS.items()},
            start=start,
            lang=lang,
            **kwargs,
        )

    def static_svg(self) -> str:
        """The tree, and beside it the card of the term to begin with."""
        chosen = next(term for term in self.terms if term["key"] == self.start)
        near = {key: relation for relation, key in reversed(chosen["near"])}
        title = self._say("词的地图", "A map of terms")
        shapes = [svg.text(24, 36, title, 18, font_weight=600)]
        keys = ((svg.MODEL, "一种", "a kind"), (GREEN, "一部分", "a part"), (ORANGE, "常弄混", "often confused"))
        for i, (colour, zh, en) in enumerate(keys):
            shapes += [
                svg.box(CARD + 100 * i, 25, 5, 14, colour),
                svg.text(CARD + 12 + 100 * i, 37, self._say(zh, en), 13),
            ]
        for i, term in enumerate(self.terms):
            x, y = 24 + STEP * term["depth"], 58 + ROW * i
            here = term["key"] == self.start
            if here or term["key"] in near:
                colour = svg.LINE if here else COLOURS[near[term["key"]]]
                shapes.append(svg.box(x, y, 5, ROW - 4, svg.INK if here else colour))
            name = f"◦ {term['name']}" if term["part"] else term["name"]
            weight = {"font_weight": 700} if here else {}
            shapes.append(svg.text(x + 12, y + 14, svg.fit(name, 13, CARD - 24 - x), 13, **weight))
        shapes += self._card(chosen)
        bottom = 58 + ROW * len(self.terms)
        note = self._say("静态图；运行单元格就能点开每个词", "A still picture: run the cell to open each term")
        shapes.append(svg.text(736, bottom + 14, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, bottom + 30, title, shapes)

    def _say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def _card(self, term: dict) -> list[str]:
        names = {other["key"]: other["name"] for other in self.terms}
        y, shapes = 92, [svg.box(CARD, 62, 376, 420, svg.PANEL, rx=8)]

        def lines(words: str, size: int = 14, fill: str = svg.INK, gap: int = 10, **how) -> None:
            nonlocal y
            for line in wrapped(words, size, 340):
                shapes.append(svg.text(CARD + 18, y, line, size, fill, **how))
                y += size + 8
            y += gap

        lines(f"{term['name']} · {term['other']}", 16, gap=2, font_weight=600)
        lines(term["definition"])
        for relation, words in self.relations.items():
            keys = [key for what, key in term["near"] if what == relation]
            if keys:
                lines(words, 13, svg.SOFT, gap=-2)
                lines(self._say("、", ", ").join(names[key] for key in keys))
        lines(self._say("例子", "Example"), 13, svg.SOFT, gap=-2)
        lines(term["example"])
        if term["lesson"]:
            lines(term["lesson"], 13, svg.SOFT)
        return shapes


def _sent(depth: int, key: str, lang: str) -> dict:
    """What the page needs of a term. other: its name in the other language; part: it hangs on the map as a part, not as
    a kind; near: [relation, key] of its neighbours; lesson: number and title, or empty."""
    row, entry = landscape.terms()[key], glossary.load()[key]
    shown = course.lesson(row.lesson) if row.lesson else None
    label = "" if shown is None else f"{shown.number} · {getattr(shown, f'title_{lang}')}"
    return {
        "key": key,
        "name": getattr(entry, lang),
        "other": entry.en if lang == "zh" else entry.zh,
        "depth": depth,
        "part": not row.kind_of and bool(row.part_of),
        "definition": getattr(entry, f"definition_{lang}"),
        "example": getattr(row, f"example_{lang}"),
        "lesson": label,
        "near": [list(pair) for pair in landscape.relations(key)],
    }


def wrapped(words: str, size: float, room: int) -> list[str]:
    """`words` as lines at most `room` pixels wide, broken at a blank or beside a Chinese character."""
    lines, line = [], ""
    for piece in re.findall(r"[ ]?(?:[!-~]+|[^!-~ ][，。；：？！、”）]*)", words):
        if line and svg.width(line + piece, size) > room:
            lines.append(line)
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line]
