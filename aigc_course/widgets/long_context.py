"""The cost chart: what a text of n tokens costs, in one measured layer, on one card, on the lecture's two servers."""

import math

from traitlets import Dict, List

from aigc_course import serving
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.plot import COLORS
from aigc_course.train import attention_costs as costs
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

# each kind of attention in `attention_costs`: its name in both languages, and its colour in every chart of the lesson
WAYS = {
    "dense": ("稠密，整张表", "dense, whole table", "truth"),
    "torch": ("稠密，torch 的", "dense, torch's", "muted"),
    "random": ("文章的：随机遮一半", "the article's: random half masked", "chosen"),
    "window": ("滑动窗口", "sliding window", "good"),
    "block": ("选块", "blocks", "light"),
    "top_k": ("top-k", "top-k", "other"),
    "index": ("学来的索引", "learned index", "model"),
}
# the places of the slider: even steps of a logarithm, and every measured length is one of them
LENGTHS = [round(digits * 10**power) for power in (3, 4, 5) for digits in (1, 1.28, 1.6, 2, 2.5, 3.2, 4, 5, 6, 8)]
LENGTHS.append(1_000_000)
TIMES = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 86_400, 864_000)  # seconds with round names, for the axis
STILL = 100_000  # tokens, in the still picture and when the page opens

# ---- formulas: what a real model needs -----------------------------------------------------------------------------

# of datasets/serving_models.csv, each with its weights as they are published
MODELS = {"R1-Distill-Llama-8B": "bf16", "R1-Distill-Llama-70B": "bf16", "DeepSeek-R1": "fp8"}
CARD, CARDS = "H800", {"card": 1, "server": 16}  # of datasets/serving_cards.csv; "server": the lecture's two of 8
USE = 0.4  # share of the peak that a program reaches, at first: claim long-use
TRAINED = 131_072  # tokens of the longest texts that the models, or those they were made from, learned: long-trained
BF16, BLOCK = 2, 64  # bytes of a number in the cache and in the table of scores; tokens in a block
INDEX_HEADS, INDEX_D, INDEX_BYTES = 64, 128, 132  # DeepSeek's index; bytes for each token and layer: long-indexer


def held(model: serving.Model, form: str, way: str, n: int) -> tuple[float, float, float]:
    """Bytes that must be in memory at once to read a text of n tokens: (weights, KV cache, table of one layer).

    form: number format of the weights. Of the tables of scores one alone is counted, programs often hold more.
    """
    cache = serving.kv_bytes(model, min(n, costs.KEEP) if way == "window" else n)  # only a window may throw away
    if way == "block":  # the mean key of each block
        keys = model.latent + model.rope if model.latent else model.kv_heads * model.head_dim
        cache += model.layers * keys * BF16 * math.ceil(n / BLOCK)
    if way == "index":
        cache += model.layers * INDEX_BYTES * n
    cell = {"dense": BF16, "random": BF16 + 1}.get(way, 0)  # a mask takes a byte
    return serving.weight_bytes(model, form), cache, float(model.heads * n * n * cell)


def pairs(n: int, most: int) -> int:
    """How many (query, key) pairs there are in a text of n tokens if each looks at itself and `most` - 1 before it."""
    most = min(n, most)
    return most * (most + 1) // 2 + (n - most) * most


def attention_operations(model: serving.Model, way: str, n: int) -> float:
    """Multiplications and additions of all layers' attention in reading a text of n tokens: 2 for each number of a
    query, key or value that is multiplied. Choosing the largest scores costs none here."""
    every, chosen = pairs(n, n), pairs(n, costs.KEEP)
    # of one pair, all heads; with MLA the query and the key hold their place in the text besides
    score, value = 2 * model.heads * (model.head_dim + model.rope), 2 * model.heads * model.head_dim
    each = {
        "dense": n * n * (score + value),  # the whole table, the future too
        "random": n * n * (score + value),
        "torch": every * (score + value),
        "window": chosen * (score + value),
        "block": every / BLOCK * score + chosen * (score + value),
        "top_k": every * score + chosen * value,
        "index": chosen * (score + value),  # and besides `index_operations`
    }
    return model.layers * each[way]


def index_operations(model: serving.Model, n: int) -> float:
    """Those of the index: a score for each pair, in each layer, with 8-bit numbers."""
    return model.layers * pairs(n, n) * 2 * INDEX_HEADS * INDEX_D


def seconds_at_peak(model: serving.Model, form: str, way: str, n: int) -> float:
    """The least time in which one card could read a text of n tokens: 2 operations for each weight in use and token at
    the rate of its format, those of attention with 16-bit numbers, those of the index with 8-bit ones."""
    card = serving.cards()[CARD]
    weights = 2 * serving.active(model) * n / card.operations(form)
    index = index_operations(model, n) / card.operations("fp8") if way == "index" else 0
    return weights + attention_operations(model, way, n) / card.operations("bf16") + index


def room(cards: int) -> float:
    """Bytes of memory that a model can use on so many cards, as if they were one."""
    return cards * serving.cards()[CARD].memory_gb * 1e9 * serving.USABLE


def longest(model: serving.Model, form: str, way: str, cards: int) -> int | None:
    """Tokens of the longest text for which memory suffices; 0: not even the weights fit; None: a billion and more."""
    fits, fails = 0, 10**9
    if sum(held(model, form, way, fails)) <= room(cards):
        return None
    while fails - fits > 1:
        middle = (fits + fails) // 2
        fits, fails = (middle, fails) if sum(held(model, form, way, middle)) <= room(cards) else (fits, middle)
    return fits


def layer_cost(rows: list[costs.Cost], n: int, what: str) -> tuple[float, bool]:
    """(cost, whether it was measured) of the stored layer. Between two measured lengths it lies on the straight line
    of the log-log chart, so that a line through all points has no kinks; beyond them see `attention_costs.cost`."""
    after = next((i for i, row in enumerate(rows) if row.tokens > n), 0)
    if not after or any(row.tokens == n for row in rows):
        return costs.cost(rows, n, what)
    a, b = rows[after - 1 : after + 1]
    share = math.log(n / a.tokens) / math.log(b.tokens / a.tokens)
    return getattr(a, what) ** (1 - share) * getattr(b, what) ** share, False


# ---- the picture ---------------------------------------------------------------------------------------------------


class CostChart(CourseWidget):
    """Memory and time by the length of the text, for each kind of attention, in three places.

    tokens: the length shown first, from 1,000 to 1,000,000; the nearest place of the slider is taken. Everything is
    computed here, once; the page only looks it up, and divides times by the share of the peak that the reader sets.
    """

    _esm, _css = page_files(__file__)

    lengths = List(help="tokens at each place of the slider").tag(sync=True)
    ways = List(Dict(), help="key, name and colour of each kind of attention").tag(sync=True)
    layer = Dict(help="of the measured layer: bytes, seconds, measured, each (ways, lengths)").tag(sync=True)
    models = List(Dict(), help="what `_needs` says of each model").tag(sync=True)
    machines = Dict(help="cards, bytes: of the card and of the servers").tag(sync=True)
    start = Dict(help="at: place of the slider; use: share of the peak; times: the marks of their axis").tag(sync=True)

    def __init__(self, tokens: int = STILL, **kwargs) -> None:
        if isinstance(tokens, bool) or not isinstance(tokens, int | float) or not LENGTHS[0] <= tokens <= LENGTHS[-1]:
            raise CourseError(
                f"长度要在 {LENGTHS[0]} 和 {LENGTHS[-1]} 个 token 之间，现在是 {tokens}。",
                f"The length must be from {LENGTHS[0]:,} to {LENGTHS[-1]:,} tokens, but it is {tokens}.",
            )
        stored = costs.measured()
        known = {
            what: [[layer_cost(stored[way], n, what) for n in LENGTHS] for way in WAYS]
            for what in ("peak_mb", "seconds")
        }
        super().__init__(
            lengths=LENGTHS,
            ways=[{"key": way, "name": t(zh, en), "colour": COLORS[role]} for way, (zh, en, role) in WAYS.items()],
            layer={
                "bytes": [[_short(1e6 * cost) for cost, _ in line] for line in known["peak_mb"]],
                "seconds": [[_short(cost) for cost, _ in line] for line in known["seconds"]],
                "measured": [[measured for _, measured in line] for line in known["seconds"]],
            },
            models=[_needs(name, form) for name, form in MODELS.items()],
            machines={name: {"cards": n, "bytes": room(n)} for name, n in CARDS.items()},
            start={
                "times": TIMES,
                "at": min(range(len(LENGTHS)), key=lambda i: abs(math.log(LENGTHS[i] / tokens))),
                "use": USE,
            },
            **kwargs,
        )

    def static_svg(self) -> str:
        """The first model on one card: both charts, and each kind's memory, time and longest text at the length."""
        title = t("代价图：文本有多长，要花多少", "The cost chart: what a text of this length takes")
        at, model = self.start["at"], self.models[0]
        total = [[model["weights"] + sum(both) for both in zip(*lines, strict=True)] for lines in _both(model)]
        seconds = [[least / USE for least in line] for line in model["seconds"]]
        place = t(f"一张 80 GB 的卡，{model['name']}", f"one 80 GB card, {model['name']}")
        shapes = [
            svg.text(24, 36, title, 18, font_weight=600),
            svg.text(736, 36, place, 14, svg.SOFT, text_anchor="end"),
        ]
        _panel(84, 60, t("内存", "memory"), total, _bytes, at, shapes, room(1))
        _panel(464, 60, t("时间（估算）", "time (estimate)"), seconds, _time, at, shapes)
        heads = (
            (24, t(f"{LENGTHS[at]:,} 个 token", f"{LENGTHS[at]:,} tokens"), "start"),
            (440, t("内存", "memory"), "end"),
            (580, t("时间（估算）", "time (estimate)"), "end"),
            (736, t("最长放得下", "longest that fits"), "end"),
        )
        y = 296
        shapes += [svg.text(x, y, words, 13, svg.SOFT, text_anchor=side) for x, words, side in heads]
        for i, way in enumerate(self.ways):
            y += 24
            most = model["longest"]["card"][i]
            beyond = most is None or most > model["trained"]
            limit = t("不受限", "no limit") if most is None else f"{_floor(most):,}"
            fits = total[i][at] <= room(1)
            colour = svg.INK if fits else svg.TRUTH
            shapes += [
                svg.box(24, y - 11, 14, 12, way["colour"]),
                svg.text(46, y, way["name"], 14),
                svg.text(440, y, f"{_bytes(total[i][at])} {'✓' if fits else '✗'}", 14, colour, text_anchor="end"),
                svg.text(580, y, f"≈ {_time(seconds[i][at])}", 14, text_anchor="end"),
                svg.text(736, y, limit, 14, text_anchor="end"),
                *([svg.text(739, y, "*", 14)] if beyond else []),
            ]
        read = t(
            f"* 只算内存。模型训练时读过的文本最长 {model['trained']:,} 个 token：放得下，不等于读得懂",
            f"* memory alone: trained on at most {model['trained']:,} tokens, it may not understand what fits",
        )
        note = t(
            "静态图；运行单元格就能换长度、模型和机器",
            "A still picture: run the cell for other lengths, models, machines",
        )
        shapes.append(svg.text(736, y + 30, read, 13, svg.SOFT, text_anchor="end"))
        shapes.append(svg.text(736, y + 52, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, y + 68, title, shapes)


def _needs(name: str, form: str) -> dict:
    """What the page must know of a model; lists are (ways, lengths)."""
    model = serving.models()[name]
    parts = [[held(model, form, way, n) for n in LENGTHS] for way in WAYS]
    return {
        "name": name,
        "form": form.upper(),
        "trained": TRAINED,
        "weights": _short(parts[0][0][0]),
        "cache": [[_short(cache) for _, cache, _ in line] for line in parts],
        "table": [[_short(table) for _, _, table in line] for line in parts],
        "seconds": [[_short(seconds_at_peak(model, form, way, n)) for n in LENGTHS] for way in WAYS],
        "longest": {place: [longest(model, form, way, cards) for way in WAYS] for place, cards in CARDS.items()},
    }


def _both(model: dict):
    return zip(model["cache"], model["table"], strict=True)


def _short(x: float) -> float:
    """Four digits are enough for a picture."""
    return float(f"{x:.4g}")


def _floor(n: int) -> int:
    """The first three digits of a length, never above it."""
    step = 10 ** max(0, len(str(n)) - 3)
    return n // step * step


def _readable(x: float, units: list[tuple[float, str]]) -> str:
    """In the largest unit that is not larger than x: two digits, or all before the point."""
    size, name = max((unit for unit in units if unit[0] <= x), default=units[0])
    return f"{x / size:.{1 if x / size < 9.95 else 0}f} {name}"


def _bytes(x: float) -> str:
    return _readable(x, [(1e6, "MB"), (1e9, "GB"), (1e12, "TB")])


def _time(x: float) -> str:
    names = t("毫秒 秒 分 小时 天", "ms s min h d").split()
    return _readable(x, list(zip((1e-3, 1, 60, 3600, 86400), names, strict=True)))


def _panel(x: int, y: int, name: str, lines: list[list[float]], words, at: int, shapes: list[str], limit=None) -> None:
    """A log-log chart, 270 by 180, with the length marked and, if there is one, the machine's limit."""
    w, h = 270, 180
    low = math.floor(math.log10(min(map(min, lines))))
    high = math.ceil(math.log10(max(map(max, lines))))

    def up(value: float) -> int:
        return y + h - round(h * (math.log10(value) - low) / (high - low))

    def along(n: int) -> int:
        return x + round(w * math.log10(n / LENGTHS[0]) / 3)

    shapes.append(svg.box(x, y, w, h, svg.PANEL))
    round_ones = TIMES if words is _time else [10.0**power for power in range(low, high + 1)]
    for value in (value for value in round_ones if low <= math.log10(value) <= high):
        shapes.append(svg.box(x, up(value), w, 1, svg.LINE))
        label = words(value).replace(".0", "")
        shapes.append(svg.text(x - 6, up(value) + 5, label, 12, svg.SOFT, text_anchor="end"))
    for n, label in ((1000, "1,000"), (10_000, "10,000"), (100_000, "100,000")):
        shapes.append(svg.text(along(n), y + h + 18, label, 12, svg.SOFT, text_anchor="middle"))
    for line, (_, _, role) in zip(lines, WAYS.values(), strict=True):
        points = " ".join(f"{along(n)},{up(value)}" for n, value in zip(LENGTHS, line, strict=True))
        shapes.append(f'<polyline points="{points}" fill="none" stroke="{COLORS[role]}" stroke-width="2"/>')
    shapes.append(svg.box(along(LENGTHS[at]), y, 1, h, svg.INK))
    if limit:
        shapes.append(svg.box(x, up(limit), w, 1, svg.TRUTH))
        shapes.append(svg.text(x + 6, up(limit) - 5, words(limit), 12, svg.TRUTH))
    shapes.append(svg.text(x + 8, y + 16, name, 13, font_weight=600))
