"""Choosing between tools: a table of marks whose order follows the weights, and quality against cost as measured."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from traitlets import Dict, List, Unicode

from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang
from aigc_course.tool_choice import frontier, scores
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

MOST = 8  # candidates, and needs
TOP = 10  # the best mark
LEVEL = 1e-9  # totals nearer than this are level
Measured = tuple[float, float, float, float]  # quality, the ends of its interval, cost


class ToolChooser(CourseWidget):
    """Move the weights and see who wins, how easily that changes, and who is worth the money.

    marks: (candidates, needs), from 0 to 10; weights: one for each need, 0 or more; measured: for each candidate
    (quality, low, high, cost), with the interval of the quality; axes: what quality and cost are measured in. The
    page needs no Python. CourseError for what cannot be shown.
    """

    _esm, _css = page_files(__file__)

    candidates = List(Unicode(), help="their names").tag(sync=True)
    needs = List(Unicode(), help="their names").tag(sync=True)
    marks = List(help="(candidates, needs), 0 to 10").tag(sync=True)
    weights = List(help="(needs,), what to begin with").tag(sync=True)
    chart = Dict(help="the picture of quality against cost, as `chart` lays it out; empty: none").tag(sync=True)

    def __init__(
        self,
        candidates: Sequence[str],
        needs: Sequence[str],
        marks: Sequence[Sequence[float]],
        weights: Sequence[float],
        measured: Sequence[Measured] | None = None,
        lang: str | None = None,
        axes: tuple[str, str] | None = None,
        **kwargs,
    ) -> None:
        rows, shares = _checked(candidates, needs, marks, weights)
        chosen = lang or get_lang()
        told = axes or (("质量", "代价") if chosen == "zh" else ("quality", "cost"))
        drawn = {} if measured is None else chart(candidates, _checked_measures(measured, candidates), told)
        given = {"candidates": list(candidates), "needs": list(needs), "marks": rows, "weights": shares}
        super().__init__(**given, chart=drawn, lang=chosen, **kwargs)

    def static_svg(self) -> str:
        """The table in the order of its totals, and under it the picture."""
        values = [*scores(*named(self.candidates, self.needs, self.marks, self.weights)).values()]
        order = sorted(range(len(values)), key=lambda i: -values[i])
        left, right = 200, 664
        step = (right - left) // len(self.needs)
        whole = sum(self.weights)
        title = self._say("选哪个工具", "Which tool to choose")
        shapes = [svg.text(24, 36, title, 18, font_weight=600)]
        note = self._say("静态图；运行单元格就能改权重", "A still picture: run the cell to move the weights")
        shapes.append(svg.text(736, 36, note, 13, svg.SOFT, text_anchor="end"))
        for k, (need, weight) in enumerate(zip(self.needs, self.weights, strict=True)):
            x = left + k * step + step // 2
            shapes.append(svg.text(x, 68, svg.fit(need, 12, step - 6), 12, text_anchor="middle"))
            shapes.append(svg.text(x, 86, f"× {weight / whole:.0%}", 12, svg.SOFT, text_anchor="middle"))
        shapes.append(svg.text(736, 86, self._say("总分", "total"), 12, svg.SOFT, text_anchor="end"))
        for place, i in enumerate(order):
            y = 96 + 28 * place
            if place == 0:
                shapes.append(svg.box(24, y, 712, 28, svg.PANEL, rx=4))
            shapes.append(svg.text(30, y + 19, svg.fit(self.candidates[i], 14, left - 36), 14))
            for k, mark in enumerate(self.marks[i]):
                x = left + k * step + step // 2
                shapes.append(svg.text(x, y + 19, figure(mark), 14, svg.SOFT, text_anchor="middle"))
            long = round(30 * values[i] / TOP)
            shapes.append(svg.box(right, y + 9, long, 10, svg.MODEL, rx=2))
            shapes.append(svg.text(732, y + 19, f"{values[i]:.2f}", 14, text_anchor="end", font_weight=600))
        bottom = 108 + 28 * len(order)
        if self.chart:
            shapes.append(f'<g transform="translate(150 {bottom})">{still(self.chart)}</g>')
            bottom += HIGH + 8
        return svg.picture(760, bottom + 8, title, shapes)

    def _say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en


def named(candidates: Sequence[str], needs: Sequence[str], marks, weights) -> tuple[dict, dict]:
    """A table of marks and a row of weights as `tool_choice` wants them: candidate → need → mark, need → weight."""
    table = {name: dict(zip(needs, row, strict=True)) for name, row in zip(candidates, marks, strict=True)}
    return table, dict(zip(needs, weights, strict=True))


def figure(x: float) -> str:
    """A number without needless digits: 7.0 → "7", 100000 → "100,000"."""
    text = f"{x:,.10f}".rstrip("0").rstrip(".")
    return text if text not in ("0", "-0") or x == 0 else f"{x:.0e}"


# ---- what is asked --------------------------------------------------------------------------------------------------


def _checked(candidates, needs, marks, weights) -> tuple[list[list[float]], list[float]]:
    for names, zh, en, least in ((candidates, "候选", "candidates", 2), (needs, "需求", "needs", 1)):
        fits = not isinstance(names, str) and least <= len(names) <= MOST
        if not (fits and all(isinstance(name, str) and name.strip() for name in names)):
            raise CourseError(
                f"{zh}（{en}）要是一个列表，里面有 {least} 到 {MOST} 个名字。",
                f"{en} must be a list of {least} to {MOST} names.",
            )
        if len(set(names)) < len(names):
            raise CourseError(f"{zh}（{en}）里有重复的名字。", f"{en} holds the same name twice.")
    table = _numbers(marks, (len(candidates), len(needs)))
    if table is None or not (table.min() >= 0 and table.max() <= TOP):
        raise CourseError(
            f"marks 要有 {len(candidates)} 行（候选）、{len(needs)} 列（需求），每格是 0 到 {TOP} 的分数。",
            f"marks must have {len(candidates)} rows (candidates) and {len(needs)} columns (needs) of marks "
            f"from 0 to {TOP}.",
        )
    shares = _numbers(weights, (len(needs),))
    if shares is None or not (shares.min() >= 0 and shares.sum() > 0):
        raise CourseError(
            f"weights 要有 {len(needs)} 个数，每个需求一个，不小于 0，也不能全是 0。",
            f"weights must be {len(needs)} numbers, one for each need: 0 or more, and not all 0.",
        )
    return table.tolist(), shares.tolist()


def _checked_measures(measured, candidates: Sequence[str]) -> list[Measured]:
    rows = _numbers(measured, (len(candidates), 4))
    if rows is None:
        raise CourseError(
            f"measured 要有 {len(candidates)} 行，每个候选一行，每行四个数：质量、区间下端、区间上端、代价。",
            f"measured must have {len(candidates)} rows, one for each candidate, of four numbers: quality, the low "
            "and the high end of its interval, cost.",
        )
    for name, (quality, low, high, cost) in zip(candidates, rows.tolist(), strict=True):
        if not (low <= quality <= high and cost > 0):
            raise CourseError(
                f"{name}：质量要在它的区间里，代价要大于 0（横轴是对数），"
                f"现在是 {quality:g}、{low:g}、{high:g}、{cost:g}。",
                f"{name}: the quality must lie in its interval and the cost be above 0, as the axis is logarithmic; "
                f"here they are {quality:g}, {low:g}, {high:g}, {cost:g}.",
            )
    return [tuple(row) for row in rows.tolist()]


def _numbers(given, shape: tuple[int, ...]) -> np.ndarray | None:
    """`given` as finite numbers of this shape; None: it is not."""
    try:
        found = np.asarray(given, float)
    except (TypeError, ValueError):
        return None
    return found if found.shape == shape and np.isfinite(found).all() else None


# ---- the picture of quality against cost ----------------------------------------------------------------------------

WIDE, HIGH = 460, 330  # pixels of the picture; the plot's edges:
LEFT, RIGHT, UPPER, LOWER = 62, 446, 16, 272
NAME = 12  # size of a name
GREY = "#767b82"


def beaten_by(measured: Sequence[Measured]) -> list[int | None]:
    """For each candidate the best that costs no more, where it is no worse, either; None: the candidate is on the
    frontier. Of equals the first is on it."""
    best = frontier({i: (cost, quality) for i, (quality, _, _, cost) in enumerate(measured)})
    affordable = [[j for j in best if measured[j][3] <= cost] for *_, cost in measured]
    return [None if i in best else some[-1] for i, some in enumerate(affordable)]


def chart(names: Sequence[str], measured: Sequence[Measured], axes: tuple[str, str]) -> dict:
    """The picture in pixels, for the page and for the still picture.

    points: of each candidate {x, y, low, high, quality, cost, interval, beaten (see `beaten_by`), label};
    line: the frontier as a path, the best quality to be had up to each cost; xs, ys: [pixel, words] of the axes; axes:
    what they measure; plot: its edges, left, upper, right, lower.
    """
    costs = [math.log10(row[3]) for row in measured]
    lows, highs = min(row[1] for row in measured), max(row[2] for row in measured)
    far = max(0.3, max(costs) - min(costs))
    first, last = min(costs) - 0.12 * far, max(costs) + 0.12 * far
    room = 0.06 * (highs - lows) or 0.5 * abs(highs) or 1
    bottom, top = lows - room, highs + room

    def across(cost: float) -> int:
        return round(LEFT + (RIGHT - LEFT) * (math.log10(cost) - first) / (last - first))

    def down(quality: float) -> int:
        return round(LOWER - (LOWER - UPPER) * (quality - bottom) / (top - bottom))

    beaten = beaten_by(measured)
    points = [
        {"x": across(cost), "y": down(quality), "low": down(low), "high": down(high), "quality": figure(quality)}
        | {"cost": figure(cost), "interval": [figure(low), figure(high)], "beaten": who}
        for (quality, low, high, cost), who in zip(measured, beaten, strict=True)
    ]
    best = sorted((point["x"], -point["y"]) for point in points if point["beaten"] is None)
    line = f"M{best[0][0]} {-best[0][1]}" + "".join(f"H{x}V{-y}" for x, y in best[1:]) + f"H{RIGHT}"
    flat = [(x, -y - 2, end, -y + 2) for (x, y), (end, _) in pairwise([*best, (RIGHT, 0)])]
    steep = [(x - 2, -to, x + 2, -y) for (_, y), (x, to) in pairwise(best)]
    for point, label in zip(points, _labels(names, points, flat + steep), strict=True):
        point["label"] = label
    xs = [[across(10**c), figure(10**c)] for c in _decades(first, last)]
    ys = [[down(q), figure(q)] for q in _ticks(bottom, top)]
    return {"points": points, "line": line, "xs": xs, "ys": ys, "axes": list(axes), "plot": [LEFT, UPPER, RIGHT, LOWER]}


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between the two, about five."""
    power = 10 ** math.floor(math.log10((high - low) / 5))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (high - low) / step <= 5.5)
    return [round(k * step, 12) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _decades(first: float, last: float) -> list[float]:
    """Logarithms of round numbers between the two: 1, 2, 5, 10 … or, where that is too many, powers of ten."""
    whole = range(math.floor(first), math.ceil(last) + 1)
    fine = [k + math.log10(digit) for k in whole for digit in (1, 2, 5)]
    shown = [c for c in fine if first <= c <= last]
    if len(shown) <= 6:
        return shown
    powers = [float(k) for k in whole if first <= k <= last]
    return powers[:: math.ceil(len(powers) / 6)]


def _labels(names: Sequence[str], points: Sequence[dict], lines: list[tuple]) -> list[dict]:
    """Where each name stands: beside its point, above or below, wherever it covers the least of what is there.

    lines: (left, top, right, bottom) of each stretch of the frontier.
    """
    taken = lines + [(p["x"] - 6, min(p["high"], p["y"] - 6), p["x"] + 6, max(p["low"], p["y"] + 6)) for p in points]
    found = []
    for name, point in zip(names, points, strict=True):
        words = svg.fit(name, NAME, 190)
        long, x, y = svg.width(words, NAME), point["x"], point["y"]
        # (left edge, baseline, the end that is fixed: a font may be narrower than we reckon)
        places = [(x + 13, y + up, "start") for up in (4, -10, 18, -24, 32)]
        places += [(x - 13 - long, y + up, "end") for up in (4, -10, 18, -24, 32)]
        ends = (min(point["high"], y - 6) - 6, max(point["low"], y + 6) + 14)
        places += [(x - long // 2, end, "middle") for end in ends]
        at = min(places, key=lambda place, long=long: _covers(*place[:2], long, taken))
        taken.append(_room(*at[:2], long))
        found.append({"x": at[0] + {"start": 0, "middle": long // 2, "end": long}[at[2]], "y": at[1]})
        found[-1] |= {"text": words, "anchor": at[2]}
    return found


def _room(x: int, y: int, long: int) -> tuple[int, int, int, int]:
    """Where a name of this length with its baseline at (x, y) lies: left, top, right, bottom."""
    return x, y - NAME, x + long, y + 3


def _covers(x: int, y: int, long: int, taken: list[tuple]) -> int:
    """How many of the boxes `taken` a name would cover; to leave the plot is worst."""
    left, top, right, bottom = _room(x, y, long)
    outside = left < LEFT + 2 or right > RIGHT or top < UPPER - 2 or bottom > LOWER - 2
    return 100 * outside + sum(left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in taken)


def still(drawn: dict) -> str:
    """The shapes of a chart, for the still picture."""
    shapes = [svg.box(LEFT, UPPER, RIGHT - LEFT, LOWER - UPPER, svg.PANEL)]
    for x, words in drawn["xs"]:
        shapes.append(svg.text(x, LOWER + 18, words, 12, svg.SOFT, text_anchor="middle"))
    for y, words in drawn["ys"]:
        shapes.append(svg.text(LEFT - 6, y + 4, words, 12, svg.SOFT, text_anchor="end"))
        shapes.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="{svg.LINE}"/>')
    quality, cost = drawn["axes"]
    shapes.append(svg.text(LEFT, 12, svg.fit(quality, 12, RIGHT - LEFT), 12, svg.SOFT))
    shapes.append(svg.text(RIGHT, LOWER + 38, svg.fit(f"{cost} →", 12, RIGHT - LEFT), 12, svg.SOFT, text_anchor="end"))
    shapes.append(f'<path d="{drawn["line"]}" fill="none" stroke="{svg.MODEL}" stroke-width="2"/>')
    for point in drawn["points"]:
        colour = svg.MODEL if point["beaten"] is None else GREY
        shapes.append(f'<path d="M{point["x"]} {point["low"]}V{point["high"]}" stroke="{colour}" stroke-width="2"/>')
        shapes.append(f'<circle cx="{point["x"]}" cy="{point["y"]}" r="5" fill="{colour}"/>')
        label, colour = point["label"], svg.INK if point["beaten"] is None else GREY
        shapes.append(svg.text(label["x"], label["y"], label["text"], NAME, colour, text_anchor=label["anchor"]))
    return "".join(shapes)
