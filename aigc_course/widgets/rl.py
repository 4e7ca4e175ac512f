"""The cockpit of reinforcement learning: its curves, and for each update the samples of one group with their pay."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from traitlets import Dict, Int, List, Unicode

from aigc_course import rl
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.reasoning import CLOSE, OPEN, Attempt, first_fault
from aigc_course.stories import Story
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

CURVES = ("reward", "right", "length", "entropy", "kl")
STILL_SAMPLES = 4


def pieces(story: Story, attempt: Attempt) -> list[list[str]]:
    """A written text as [kind, words]: kind "tag", "line" (a right step), "slip" (from the first wrong one on), and for
    the answer "right" or "wrong"."""
    text = attempt.text.replace("\ufffd", "□")
    head, closed, tail = text.rpartition(CLOSE)
    if not closed and text.startswith(OPEN):
        head, tail = text, ""
    opened, head = head.startswith(OPEN), head.removeprefix(OPEN)
    lines = head.split("，") if head else []
    fault = first_fault(story, head)
    good = len(lines) if fault is None else fault
    told = [["line" if i < good else "slip", each + "，" * (i + 1 < len(lines))] for i, each in enumerate(lines)]
    answer = [["right" if attempt.answer == story.answer else "wrong", tail]] if tail else []
    return [["tag", OPEN]] * opened + told + [["tag", CLOSE]] * bool(closed) + answer


def packed(update: rl.Update) -> dict:
    """What the page needs of an update: the numbers of its curves, and its first group from best to worst."""
    story, group, rewards = update.groups[0]
    paid = torch.tensor(rewards)
    samples = [
        {
            "pieces": pieces(story, attempt),
            "tokens": len(attempt.ids),
            "reward": round(reward, 4),
            "advantage": round(advantage, 4),
        }
        for attempt, reward, advantage in zip(group, rewards, rl.advantage(paid[None])[0].tolist(), strict=True)
    ]
    return {
        **{name: round(getattr(update, name), 4) for name in CURVES},
        "story": story.text,
        "answer": story.answer,
        "mean": round(float(paid.mean()), 4),
        "std": round(float(paid.std()), 4),
        "samples": sorted(samples, key=lambda sample: -sample["reward"]),
    }


class RLCockpit(CourseWidget):
    """Reward, length, entropy and KL over the updates of a run, and the group of samples behind the chosen update.

    updates: a finished run, as `arms.load_run` gives it; or several by name, one of which is chosen in the page while
    the others stay in sight as thin lines; none for a run that is still to come, shown by `show` or `watch`.
    total: how many updates a coming run will have. heading: what is trained, in a few words.
    """

    _esm, _css = page_files(__file__)

    runs = List(Dict(), help='[{"name": …, "updates": [what `packed` gives, …]}, …]').tag(sync=True)
    total = Int(0, help="updates that the run will have; 0: as many as there are").tag(sync=True)
    heading = Unicode(help="what is trained").tag(sync=True)

    def __init__(
        self,
        updates: Sequence[rl.Update] | Mapping[str, Sequence[rl.Update]] = (),
        total: int = 0,
        heading: str = "",
        **kwargs,
    ) -> None:
        named = updates if isinstance(updates, Mapping) else {"": updates}
        if not named:
            raise CourseError("没有训练过程可看，请至少给一个。", "There is no run to show: give at least one.")
        runs = [{"name": name, "updates": [packed(u) for u in run]} for name, run in named.items()]
        super().__init__(runs=runs, total=total, heading=heading, **kwargs)

    def show(self, update: rl.Update) -> None:
        """Add an update to the (last) run; the page follows at once."""
        *before, run = self.runs
        self.runs = [*before, {**run, "updates": [*run["updates"], packed(update)]}]

    def watch(self, updates: Iterable[rl.Update]) -> list[rl.Update]:
        """Display the cockpit, show each update as it comes, and return them all."""
        from IPython.display import display

        handle, seen = display(self, display_id=True), []
        for update in updates:
            self.show(update)
            seen.append(update)
        if handle:
            handle.update(self)  # the still picture that a saved notebook keeps is of the finished run
        return seen

    def static_svg(self) -> str:
        """The curves that were measured, and the best and the worst samples of the first and the last group that differ
        in reward: where all fare alike every advantage is 0, and a still picture of that shows nothing."""
        title = t("强化学习驾驶舱", "The RL cockpit")
        shapes = [svg.text(24, 36, title, 18, font_weight=600)]
        shapes.append(svg.text(736, 36, svg.fit(self.heading, 14, 480), 14, svg.SOFT, text_anchor="end"))
        updates = self.runs[0]["updates"]
        if not updates:
            shapes.append(svg.text(24, 72, t("训练还没有开始。", "The training has not begun."), 15, svg.SOFT))
            return svg.picture(760, 96, title, shapes)
        names = {
            "reward": t("奖励", "reward"),
            "length": t("长度（token）", "length (tokens)"),
            "entropy": t("熵（nat）", "entropy (nats)"),
            "kl": t("KL（nat）", "KL (nats)"),
        }
        if all(u["kl"] == 0 for run in self.runs for u in run["updates"]):
            del names["kl"]  # a run without the KL term, which the page leaves out too
        for place, (key, name) in enumerate(names.items()):
            _panel(24 + 181 * place, 56, name, self.runs, key, shapes)
        y = 208
        telling = [at for at, update in enumerate(updates) if update["std"] > 0] or [0, len(updates) - 1]
        for at in dict.fromkeys((telling[0], telling[-1])):
            y = _group(y, at, updates[at], shapes)
        note = t("静态图；运行单元格就能拖动", "A still picture: run the cell to scrub")
        shapes.append(svg.text(736, y + 4, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, y + 20, title, shapes)


def _panel(x: int, y: int, name: str, runs: list[dict], key: str, shapes: list[str]) -> None:
    """One curve of all runs, and where other things than right answers are paid, their share too."""
    w, h = 160, 84
    every = [u[key] for run in runs for u in run["updates"]] + [1.0] * (key == "reward")
    low, high, longest = min(0.0, *every), max(every) or 1.0, max(len(run["updates"]) for run in runs)
    last = runs[0]["updates"][-1][key]
    shapes += [
        svg.text(x, y + 14, name, 13, font_weight=600),
        svg.text(x + w, y + 14, f"{last:.2f}", 13, svg.MODEL, text_anchor="end"),
        svg.box(x, y + 24, w, h, svg.PANEL),
    ]
    if key == "reward" and gamed(runs[0]["updates"]):
        shapes.append(_line(x, y + 24, w, h, [u["right"] for u in runs[0]["updates"]], low, high, longest, svg.TRUTH))
        shapes.append(svg.text(x, y + h + 40, t("橙线：答对的比例", "orange: share right"), 12, svg.SOFT))
    for run in reversed(runs):
        values = [u[key] for u in run["updates"]]
        colour = svg.MODEL if run is runs[0] else "#9cc7e2"
        shapes.append(_line(x, y + 24, w, h, values, low, high, longest, colour))


def _line(x: int, y: int, w: int, h: int, values: list[float], low: float, high: float, n: int, colour: str) -> str:
    across, up = w / max(n - 1, 1), h / (high - low)
    points = " ".join(f"{x + round(across * i)},{y + h - round(up * (v - low))}" for i, v in enumerate(values))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def gamed(updates: list[dict]) -> bool:
    """Whether something else than right answers was paid, so that both curves are worth drawing."""
    return any(abs(u["reward"] - u["right"]) > 0.005 for u in updates)


def _group(y: int, at: int, update: dict, shapes: list[str]) -> int:
    """The best and the worst samples of an update from height y on; the height below them."""
    head = t(f"第 {at + 1} 次更新：", f"update {at + 1}:")
    shapes.append(svg.text(24, y, head, 14, font_weight=600))
    shapes.append(svg.text(130, y, svg.fit(update["story"], 13, 600), 13, svg.SOFT))
    half = STILL_SAMPLES // 2
    rows = update["samples"] if len(update["samples"]) <= STILL_SAMPLES else None
    for sample in rows or [*update["samples"][:half], *update["samples"][-half:]]:
        y += 24
        words = "".join(text for _, text in sample["pieces"])
        better = sample["advantage"]
        colour = svg.MODEL if better > 0 else svg.TRUTH if better < 0 else svg.SOFT
        paid = t(f"奖励 {sample['reward']:.2f}，优势", f"reward {sample['reward']:.2f}, advantage")
        shapes.append(svg.text(40, y, svg.fit(words, 13, 440), 13))
        shapes.append(svg.text(736, y, f"{paid} {better:+.2f}".replace("-", "−"), 13, colour, text_anchor="end"))
    return y + 34
