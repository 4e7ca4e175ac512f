"""Choosing a tool: what one needs, how candidates do on one's own tasks, what they cost, and who answers what.

Arithmetic on small tables: no model is asked here (that is for `aigc_course.candidates`). Costs are millionths of a
currency, since prices are per million tokens.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from aigc_course import course, endpoints, tables
from aigc_course.errors import CourseError

Marks = Mapping[str, Mapping[str, float]]  # tool → need → how well it meets it

# ---- needs and weights ---------------------------------------------------------------------------------------------


def scores(marks: Marks, weights: Mapping[str, float]) -> dict[str, float]:
    """The weighted mean of each tool's marks. CourseError for a missing mark, a negative weight, weights of sum 0."""
    total = sum(weights.values())
    if not 0 < total < math.inf or min(weights.values()) < 0:
        raise CourseError(
            "权重不能小于 0，也不能全是 0：请改一改。", "Weights must not be below 0, nor all of them 0: change them."
        )
    for tool, row in marks.items():
        if missing := [need for need in weights if not math.isfinite(row.get(need, math.nan))]:
            raise CourseError(
                f"{tool} 还没有“{missing[0]}”这一项的分数：请补上。",
                f"{tool} has no mark for “{missing[0]}”: add one.",
            )
    return {tool: sum(w * row[need] for need, w in weights.items()) / total for tool, row in marks.items()}


def winner(marks: Marks, weights: Mapping[str, float]) -> str:
    """The tool of the highest score; of equals the earlier."""
    found = scores(marks, weights)
    return max(found, key=found.get)


def sensitivity(marks: Marks, weights: Mapping[str, float], by: float = 0.2) -> dict[str, tuple[str, str]]:
    """For each need the winner when its weight alone is a share `by` smaller, and when it is as much larger."""
    return {
        need: tuple(winner(marks, {**weights, need: weights[need] * (1 + way * by)}) for way in (-1, 1))
        for need in weights
    }


def safe_range(marks: Marks, weights: Mapping[str, float], need: str) -> tuple[float, float]:
    """(lowest, highest) factor by which the weight of one need may be multiplied and the winner stays the winner.

    The lead over a rival, before the division by all weights, is a straight line in the factor: rest + factor × part.
    It changes sign where that is 0.
    """
    first, low, high = winner(marks, weights), 0.0, math.inf
    for rival in marks:
        gains = {name: w * (marks[first][name] - marks[rival][name]) for name, w in weights.items()}
        part = gains.pop(need)
        if part:
            turn = -sum(gains.values()) / part
            low, high = (max(low, turn), high) if part > 0 else (low, min(high, turn))
    return low, high


# ---- the bill, chance, and the frontier ----------------------------------------------------------------------------


class Price(NamedTuple):
    """Of a million tokens: of those read, and of those written (the thinking included)."""

    prompt: float
    written: float

    def bill(self, prompt: float, written: float) -> float:
        """Millionths of the currency for so many tokens."""
        return self.prompt * prompt + self.written * written


def price(endpoint: str, model: str) -> Price:
    """What an endpoint asks for a model outside busy hours, nothing from its cache (data/endpoints.toml)."""
    known = endpoints.find(endpoint).prices
    if not isinstance(row := known.get(model), Mapping) or "written" not in row:
        raise CourseError(
            f"价目表里没有 {endpoint} 的 {model}：请自己写 Price(…)。",
            f"The price list has no {model} of {endpoint}: write a Price(…) of your own.",
        )
    return Price(row["prompt"], row["written"])


def bootstrap(
    values: Sequence, statistic: Callable = np.mean, repeats: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """(low, high) of a statistic: draw as many values again, with replacement, many times (Efron 1979; percentiles).

    values: (n,) or (n, …), one row per task, drawn together; statistic: such an array → a number.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        raise CourseError("没有数据，算不出区间。", "There are no values, so there is no interval.")
    rng = np.random.default_rng(seed)
    drawn = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(repeats)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def frontier(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Those (cost, quality) that no other beats or equals in both, the cheapest first (Pareto); of twins the first."""
    found, best = [], -math.inf
    for name in sorted(points, key=lambda name: (points[name][0], -points[name][1])):
        if points[name][1] > best:
            found.append(name)
            best = points[name][1]
    return found


# ---- a router: who answers what ------------------------------------------------------------------------------------


class Reply(NamedTuple):
    """A model's reply to a story, as far as a router needs it. sure: probability of the token that it was least sure
    of."""

    operations: int
    right: bool
    cost: float
    sure: float


class Rule(NamedTuple):
    """Ask the cheap model first where a question has at most so many operations; keep its reply if it is this sure."""

    at_most: int
    sure: float


def operations(question: str) -> int:
    """How many operations a story seems to take: one less than it has numbers. Costs nothing: no model is asked."""
    return len(re.findall(r"\d+", question)) - 1


def way(rule: Rule, reply: Reply) -> str:
    """Who answers: "thinking" at once, "cheap" alone, or "both", the cheap model in vain."""
    if reply.operations > rule.at_most:
        return "thinking"
    return "cheap" if reply.sure >= rule.sure else "both"


def route(rule: Rule, cheap: Sequence[Reply], thinking: Sequence[Reply]) -> list[Reply]:
    """The replies that a learner gets, each with what was paid for it."""
    return [
        {"cheap": c, "thinking": t, "both": t._replace(cost=c.cost + t.cost)}[way(rule, c)]
        for c, t in zip(cheap, thinking, strict=True)
    ]


def oracle(cheap: Sequence[Reply], thinking: Sequence[Reply]) -> list[Reply]:
    """The best router there could be: it knows beforehand who will be right, and takes the cheaper of those."""
    pairs = zip(cheap, thinking, strict=True)
    return [min(pair, key=lambda reply: (not reply.right, reply.cost)) for pair in pairs]


def quality(replies: Sequence[Reply]) -> float:
    return float(np.mean([reply.right for reply in replies]))


def mean_cost(replies: Sequence[Reply]) -> float:
    return float(np.mean([reply.cost for reply in replies]))


SURE = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.99)


def rules(longest: int, sure: Sequence[float] = SURE) -> list[Rule]:
    """All rules worth trying, "never ask the cheap model" among them."""
    return [Rule(0, 1.0), *(Rule(*pair) for pair in product(range(1, longest + 1), sure))]


def tune(cheap: Sequence[Reply], thinking: Sequence[Reply], slack: float, tried: Iterable[Rule]) -> Rule:
    """The cheapest rule whose quality is at most `slack` below that of thinking always. Use replies that are not used
    to judge it: whoever picks the best of a hundred rules picks luck, too."""
    least = quality(thinking) - slack
    good = [rule for rule in tried if quality(route(rule, cheap, thinking)) >= least - 1e-12]
    if not good:
        raise CourseError(
            "没有一条规则够好：请放宽 slack，或加上 Rule(0, 1.0)。",
            "No rule is good enough: allow more slack, or add Rule(0, 1.0).",
        )
    return min(good, key=lambda rule: mean_cost(route(rule, cheap, thinking)))


def coin(cheap: Sequence[Reply], thinking: Sequence[Reply], wanted: float) -> float:
    """What it costs to reach a quality by tossing a coin for each question: a point on the line between the two."""
    low, high = quality(cheap), quality(thinking)
    share = (wanted - low) / (high - low) if high > low else 0.0
    return mean_cost(cheap) + share * (mean_cost(thinking) - mean_cost(cheap))


# ---- measured replies ----------------------------------------------------------------------------------------------

MODELS = ("direct", "student", "reasoner")
COLUMNS = (
    "set",
    "operations",
    "lang",
    *(f"{model}_{what}" for model in MODELS for what in ("right", "read", "written", "sure")),
)


def stored(which: str, prices: Mapping[str, Price]) -> dict[str, list[Reply]]:
    """The replies of each model in `prices` to the same stories (datasets/router_replies.csv). which: "validation" or
    "test"."""
    path = course.root() / "datasets" / "router_replies.csv"
    found = [dict(zip(COLUMNS, row, strict=True)) for row in tables.rows(path, COLUMNS)]
    return {
        model: [
            Reply(
                int(row["operations"]),
                row[f"{model}_right"] == "1",
                cost.bill(int(row[f"{model}_read"]), int(row[f"{model}_written"])),
                float(row[f"{model}_sure"]),
            )
            for row in found
            if row["set"] == which
        ]
        for model, cost in prices.items()
    }


def mixed(replies: Mapping[str, Sequence[Reply]], easy: float, n: int = 600) -> dict[str, list[Reply]]:
    """A part of them, the same stories for each model: a share `easy` of one operation, the rest evenly longer ones."""
    operations = [reply.operations for reply in next(iter(replies.values()))]
    places = {k: [i for i, steps in enumerate(operations) if steps == k] for k in sorted(set(operations))}
    first, *longer = places
    many = {first: round(n * easy)}
    rest = n - many[first]
    many |= {k: rest // len(longer) + (i < rest % len(longer)) for i, k in enumerate(longer)}
    if not 0 <= easy <= 1 or any(many[k] > len(places[k]) for k in places):
        raise CourseError(
            f"存的题不够：easy 要在 0 和 1 之间，n 要小一些（现在是 {n}）。",
            f"There are not so many stored stories: easy is a share from 0 to 1, and n ({n}) has to be smaller.",
        )
    chosen = [i for k in places for i in places[k][: many[k]]]
    return {model: [own[i] for i in chosen] for model, own in replies.items()}
