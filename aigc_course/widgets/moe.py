"""The traffic of a mixture of experts: over a training, how much each expert does, and which tokens it is sent."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Protocol

import numpy as np
import torch
from traitlets import Dict, Int, List, Unicode

from aigc_course import moe
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

MOST_RUNS, MOST_EXPERTS, MOST_KINDS = 4, 64, 12
WORK = 0.9  # "so many experts do this share of the work"
IDLE = 0.1  # an expert with less than this part of an even share does next to nothing
ALIKE = 0.05  # a kind that sends an expert no more than this above what all tokens do has no preference
DEPTHS = 12  # of colour in the still picture
LEFT, RIGHT, GAP, TOP, LINE = 120, 736, 20, 76, 18  # pixels of the still picture


class Snapshot(Protocol):
    """A moment of a training. step: a whole number; loss: nats per token; load: (E,), each expert's share of all
    choices; traffic: (kinds, E), how often tokens of each kind went to each expert."""

    step: int
    loss: float
    load: Sequence[float]
    traffic: Sequence[Sequence[int]]


class ExpertTraffic(CourseWidget):
    """Scrub through trainings side by side: each expert's load, and in the chosen one where each kind of token goes.

    runs: by name, the snapshots of each, all at the same steps; kinds: the names of the kinds of tokens. Everything is
    computed here, once; the page needs no Python.
    """

    _esm, _css = page_files(__file__)

    runs = List(Dict(), help='of each run its "name", and what `_packed` gives').tag(sync=True)
    kinds = List(Unicode(), help="names of the kinds of tokens").tag(sync=True)
    experts = Int(help="how many there are").tag(sync=True)
    limits = Dict({"work": WORK, "idle": IDLE, "alike": ALIKE}, help="as above").tag(sync=True)

    def __init__(
        self, runs: Mapping[str, Sequence[Snapshot]], kinds: Sequence[str], lang: str | None = None, **kwargs
    ) -> None:
        experts = _checked(runs, kinds)
        sent = [{"name": name, **_packed(run)} for name, run in runs.items()]
        super().__init__(runs=sent, kinds=list(kinds), experts=experts, lang=lang or get_lang(), **kwargs)

    def static_svg(self) -> str:
        """Of each run the load over its steps, and below it where each kind of token goes in the end."""
        loads = [np.frombuffer(run["load"], "<u2").reshape(-1, self.experts) / 65535 for run in self.runs]
        most = max(load.max() for load in loads)
        wide = (RIGHT - LEFT - GAP * (len(loads) - 1)) // len(loads)
        high, low = self.experts * max(3, min(LINE, 176 // self.experts)), LINE * len(self.kinds)
        lower = TOP + high + 84  # where the second row of maps begins
        shapes = self._frame(high, lower)
        for i, (run, load) in enumerate(zip(self.runs, loads, strict=True)):
            x = LEFT + i * (wide + GAP)
            counts = np.frombuffer(run["traffic"], "<u4").reshape(-1, len(self.kinds), self.experts)[-1]
            shapes += _map(load.T / most, x, TOP, wide, high)
            shapes += _map(counts / counts.sum(1, keepdims=True).clip(1), x, lower, wide, low)
            effective, excess = f"{run['effective'][-1]:.1f}", f"{run['excess'][-1]:.2f}"
            words = [
                (TOP - 10, run["name"]),
                (TOP + high + 18, self._say(f"有效专家 {effective} 个", f"{effective} effective experts")),
                (TOP + high + 36, self._say(f"最忙的超出 {excess}", f"busiest {excess} above even")),
            ]
            shapes += [svg.text(x, y, svg.fit(line, 13, wide), 13) for y, line in words]
        return svg.picture(760, lower + low + 36, self._title(), shapes)

    def _say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def _title(self) -> str:
        return self._say("专家的流量", "The traffic of experts")

    def _frame(self, high: int, lower: int) -> list[str]:
        """The words around the maps of the still picture. high: of a map above; lower: where those below begin."""
        first, last = (self.runs[0]["steps"][at] for at in (0, -1))
        reads = self._say("颜色越浓，分到的越多；横：", "darker: gets more; across: ")
        reads += self._say(f"第 {first} 步到第 {last} 步", f"steps {first} to {last}")
        then = self._say(f"第 {last} 步，每种 token 去了哪里", f"Step {last}: where each kind of token goes")
        note = self._say("静态图；运行单元格就能拖动", "A still picture: run the cell to scrub")
        end = lower + LINE * len(self.kinds)
        return [
            svg.text(24, 36, self._title(), 18, font_weight=600),
            svg.text(RIGHT, 36, reads, 13, svg.SOFT, text_anchor="end"),
            svg.text(LEFT - 8, TOP + 12, self._say("专家 0", "expert 0"), 13, svg.SOFT, text_anchor="end"),
            svg.text(LEFT - 8, TOP + high, str(self.experts - 1), 13, svg.SOFT, text_anchor="end"),
            svg.text(LEFT, lower - 12, then + self._say("（横：专家）", " (across: experts)"), 13, svg.SOFT),
            *(
                svg.text(LEFT - 8, lower + 14 + LINE * i, svg.fit(kind, 13, LEFT - 24), 13, text_anchor="end")
                for i, kind in enumerate(self.kinds)
            ),
            svg.text(RIGHT, end + 22, note, 13, svg.SOFT, text_anchor="end"),
        ]


def _map(values: np.ndarray, x: int, y: int, w: int, h: int) -> list[str]:
    """A heat map of values (rows, columns) from 0 to 1, denser for more; a path for each depth keeps it short."""
    rows, columns = values.shape
    depths = np.ceil(DEPTHS * np.sqrt(values.clip(0, 1)) - 0.5).astype(int)
    down = [y + round(h * i / rows) for i in range(rows + 1)]
    across = [x + round(w * i / columns) for i in range(columns + 1)]
    paths = {depth: "" for depth in range(1, DEPTHS + 1)}
    for row, (top, bottom) in zip(depths.tolist(), pairwise(down), strict=True):
        for depth, run in groupby(range(columns), row.__getitem__):
            cells = list(run)
            if depth:
                paths[depth] += f"M{across[cells[0]]} {top}H{across[cells[-1] + 1]}V{bottom}H{across[cells[0]]}z"
    filled = (f'<path d="{d}" fill="{svg.TRUTH}" opacity="{k / DEPTHS:.2f}"/>' for k, d in paths.items() if d)
    return [svg.box(x, y, w, h, svg.PANEL), *filled]


# ---- what is asked --------------------------------------------------------------------------------------------------


def _checked(runs: Mapping[str, Sequence[Snapshot]], kinds: Sequence[str]) -> int:
    """How many experts there are; CourseError where the runs cannot be shown side by side."""
    if not isinstance(runs, Mapping) or not 1 <= len(runs) <= MOST_RUNS or not all(map(len, runs.values())):
        raise CourseError(
            f"请给 1 到 {MOST_RUNS} 次训练：{{名字: 快照的列表}}，每个列表至少有一张快照。",
            f"Give 1 to {MOST_RUNS} trainings as {{name: list of snapshots}}, each with at least one snapshot.",
        )
    if isinstance(kinds, str) or not 1 <= len(kinds) <= MOST_KINDS:
        raise CourseError(
            f"kinds 要是一个列表，里面有 1 到 {MOST_KINDS} 种 token 的名字。",
            f"kinds must be a list with the names of 1 to {MOST_KINDS} kinds of tokens.",
        )
    every = [snapshot for run in runs.values() for snapshot in run]
    sizes = sorted({len(one.load) for one in every} | {len(row) for one in every for row in one.traffic})
    if len(sizes) > 1 or not 2 <= sizes[0] <= MOST_EXPERTS:
        raise CourseError(
            f"所有快照的专家数要一样，在 2 到 {MOST_EXPERTS} 之间，现在是 {sizes}。",
            f"All snapshots must have the same number of experts, 2 to {MOST_EXPERTS}, but here it is {sizes}.",
        )
    rows = sorted({len(one.traffic) for one in every})
    if rows != [len(kinds)]:
        raise CourseError(
            f"kinds 里有 {len(kinds)} 种 token，快照的 traffic 却有 {rows} 行：每种一行。",
            f"kinds names {len(kinds)} kinds of tokens, but traffic has {rows} rows: one for each kind.",
        )
    _check_numbers(every)
    steps = [[one.step for one in run] for run in runs.values()]
    if any(one != steps[0] for one in steps) or any(b <= a for a, b in pairwise(steps[0])):
        raise CourseError(
            "各次训练的快照要在同样的步数拍下，从小到大。",
            "The snapshots of all trainings must be of the same steps, in rising order.",
        )
    return sizes[0]


def _check_numbers(every: Sequence[Snapshot]) -> None:
    for one in every:
        load, traffic = np.asarray(one.load, float), np.asarray(one.traffic, float)
        # NaN fails each of these
        if not (load.min() >= 0 and abs(load.sum() - 1) < 0.01):
            raise CourseError(
                f"第 {one.step} 步的 load 要是各专家的份额，不小于 0，加起来是 1。",
                f"The load at step {one.step} must be the experts' shares: 0 or more, and 1 in all.",
            )
        if not (traffic.min() >= 0 and traffic.max() < 2**32 and np.isfinite(one.loss)):
            raise CourseError(
                f"第 {one.step} 步的 traffic 要是次数，不小于 0；loss 要是有限的数。",
                f"At step {one.step}, traffic must be counts, 0 or more, and loss a finite number.",
            )


# ---- what is computed -----------------------------------------------------------------------------------------------


def _packed(run: Sequence[Snapshot]) -> dict:
    """What the page needs of a training of n snapshots.

    steps, loss: (n,); load: (n, E), in 65535ths; traffic: (n, kinds, E), counts; effective: (n,), effective number of
    experts; excess: (n,), how far the busiest is above an even share, in even shares; busy: (n,), how many experts do
    WORK of the work; idle: (n,), how many do next to nothing; standout: (n,), what `standout` finds.
    """
    load = np.array([np.asarray(one.load, float) for one in run])
    traffic = np.array([np.asarray(one.traffic, float) for one in run]).round()
    shares = [torch.from_numpy(row / row.sum()) for row in load]
    return {
        "steps": [int(one.step) for one in run],
        "loss": [round(float(one.loss), 4) for one in run],
        "load": (65535 * load.clip(0, 1)).round().astype("<u2").tobytes(),
        "traffic": traffic.astype("<u4").tobytes(),
        "effective": [round(moe.effective_experts(share), 3) for share in shares],
        "excess": [round(moe.max_violation(share), 4) for share in shares],
        "busy": [busy(row) for row in load],
        "idle": [int((row < IDLE / len(row)).sum()) for row in load],
        "standout": [standout(counts) for counts in traffic],
    }


def busy(load: np.ndarray) -> int:
    """The fewest experts that together do WORK of the work. load: (E,), shares."""
    done = np.sort(load / load.sum())[::-1].cumsum()
    return int((done < WORK - 1e-6).sum()) + 1


def standout(counts: np.ndarray) -> list[int] | None:
    """[kind, expert] with the most of the information that experts carry about kinds (the largest term of
    `moe.information`), where the kind prefers that expert by at least ALIKE; None: none does. counts: (kinds, E)."""
    every = counts.sum(0) / max(1, counts.sum())
    shares = counts / counts.sum(1, keepdims=True).clip(1)
    told = counts * np.log(shares.clip(1e-12) / every.clip(1e-12))
    told[shares - every < ALIKE] = -np.inf
    kind, expert = divmod(int(told.argmax()), counts.shape[1])
    return [kind, expert] if told[kind, expert] > -np.inf else None
