"""Does a model fit a machine, how fast can it write there at best, and what does a token cost?

Figures of models and cards: datasets/serving_models.csv and serving_cards.csv. GB are 10⁹ bytes, as card makers count.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

from aigc_course import course, tables
from aigc_course.errors import CourseError

FORMATS = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5}  # bytes per weight, without the scales
USABLE = 0.9  # of a card's memory: the rest is for activations, the program itself, fragments
# the lecture's deployment table for DeepSeek-R1 and V3 (claims serving-table, serving-tflops, serving-prices): card,
# how many, TFLOPS and GB of all, number format, yuan a month for all
LECTURE = (
    ("H800", 16, 31664, 1280, "fp8", 180_000),
    ("H200", 8, 15832, 1128, "fp8", 110_000),
    ("H20", 16, 2368, 1536, "fp8", 80_000),
    ("910B", 32, 10016, 2048, "bf16", 120_000),
)
EVEN = tuple(2**i for i in range(11))  # cards that share heads and experts evenly


@dataclass(frozen=True)
class Model:
    """A model's plan. latent, rope: numbers that MLA keeps per token and layer (0: plain or grouped attention);
    dense_layers: layers with an ordinary feed-forward part, the others have `experts`, of which a token uses `chosen`
    and all the `shared` ones. published_b: parameters as its makers say, in billions."""

    model: str
    published_b: float
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    latent: int
    rope: int
    q_rank: int
    ffn: int
    vocab: int
    tied: int
    dense_layers: int
    experts: int
    chosen: int
    shared: int
    expert_ffn: int
    source: str
    date: str


@dataclass(frozen=True)
class Card:
    """A card: GB, GB/s, 10¹² operations a second without sparsity (0: it cannot compute in that format).
    checked: whether the figures are the maker's own (yes, partly, no)."""

    card: str
    memory_gb: float
    bandwidth_gb_s: float
    bf16_tflops: float
    fp8_tflops: float
    int8_tops: float
    checked: str
    source: str
    date: str

    def operations(self, form: str) -> float:
        """Operations a second with weights of this format; 4-bit weights are unpacked and computed with in BF16."""
        return {"fp8": self.fp8_tflops, "int8": self.int8_tops}.get(form, self.bf16_tflops) * 1e12


def _read(kind: type, name: str) -> dict:
    columns = tuple(field.name for field in fields(kind))
    rows = tables.rows(course.root() / "datasets" / name, columns)
    types = [field.type for field in fields(kind)]
    return {row[0]: kind(*(of(text) for of, text in zip(types, row, strict=True))) for row in rows}


@cache
def models() -> dict[str, Model]:
    """The models of datasets/serving_models.csv by name."""
    return _read(Model, "serving_models.csv")


@cache
def cards() -> dict[str, Card]:
    """The cards of datasets/serving_cards.csv by name."""
    return _read(Card, "serving_cards.csv")


# ---- does it fit? --------------------------------------------------------------------------------------------------


def kv_numbers(model: Model) -> int:
    """Numbers kept for each token: 2 · layers · groups · head_dim, for MLA layers · (latent + rope)."""
    each = model.latent + model.rope if model.latent else 2 * model.kv_heads * model.head_dim
    return model.layers * each


def kv_bytes(model: Model, tokens: int, bytes_per_number: float = 2) -> float:
    """The KV cache of so many tokens."""
    return kv_numbers(model) * tokens * bytes_per_number


def always(model: Model) -> int:
    """Parameters of matrices that every token uses: embedding, attention, feed-forward parts that are not chosen. The
    input embedding counts in full, though a token needs one row of it."""
    w, heads = model.width, model.heads * model.head_dim
    if model.latent:  # queries through a rank of their own, keys and values from the latent
        q = model.q_rank * (w + heads + model.heads * model.rope)
        mixing = q + w * (model.latent + model.rope) + model.latent * 2 * heads + heads * w
    else:
        mixing = 2 * w * heads + 2 * w * model.kv_heads * model.head_dim
    sparse = model.layers - model.dense_layers
    feed = model.dense_layers * 3 * w * model.ffn
    feed += sparse * (3 * w * model.expert_ffn * model.shared + model.experts * w)
    return model.vocab * w * (1 if model.tied else 2) + model.layers * mixing + feed


def routed(model: Model) -> int:
    """Parameters of the experts among which a token chooses."""
    return (model.layers - model.dense_layers) * model.experts * 3 * model.width * model.expert_ffn


def parameters(model: Model) -> int:
    """All of them, from the plan (norms and biases, less than a thousandth, left out)."""
    return always(model) + routed(model)


def active(model: Model) -> float:
    """Those that one token uses."""
    return always(model) + (routed(model) * model.chosen / model.experts if model.experts else 0)


def weight_bytes(model: Model, form: str) -> float:
    """All weights in one number format, a key of FORMATS; CourseError for another."""
    if form not in FORMATS:
        raise CourseError(
            f"没有数字格式“{form}”，可选：{'、'.join(FORMATS)}。",
            f"There is no number format “{form}”. Known: {', '.join(FORMATS)}.",
        )
    return parameters(model) * FORMATS[form]


@dataclass(frozen=True)
class Memory:
    """Bytes on each card: weights, KV cache, and what of the usable memory is left (below 0: it does not fit)."""

    weights: float
    kv: float
    left: float

    @property
    def fits(self) -> bool:
        return self.left >= 0


def memory(model: Model, card: Card, n: int, form: str, context: int, users: int) -> Memory:
    """What n cards hold for `users` texts of `context` tokens, weights and cache shared equally; CourseError where the
    card cannot compute in this format."""
    _counts(n=n, users=users)
    weights = weight_bytes(model, form) / n
    if not card.operations(form):
        raise CourseError(
            f"{card.card} 不能用 {form.upper()} 计算，请换一种数字格式，比如 bf16。",
            f"{card.card} cannot compute in {form.upper()}: choose another number format, such as bf16.",
        )
    kv = kv_bytes(model, context) * users / n
    return Memory(weights, kv, card.memory_gb * 1e9 * USABLE - weights - kv)


def cards_by_memory(model: Model, card: Card, form: str, context: int, users: int) -> int:
    """The fewest cards whose memory would do."""
    one = memory(model, card, 1, form, context, users)
    return math.ceil((one.weights + one.kv) / (card.memory_gb * 1e9 * USABLE))


def cards_needed(model: Model, card: Card, form: str, context: int, users: int) -> int:
    """The fewest of 1, 2, 4, 8 … cards that it fits: so heads and experts can be shared equally, in servers of 8."""
    fitting = (n for n in EVEN if memory(model, card, n, form, context, users).fits)
    if not (n := next(fitting, 0)):
        raise CourseError(
            f"{EVEN[-1]} 张 {card.card} 也放不下，请减少用户或缩短上下文。",
            f"Not even {EVEN[-1]} {card.card} would hold it: take fewer users or a shorter context.",
        )
    return n


def users_that_fit(model: Model, card: Card, n: int, form: str, context: int) -> int:
    """How many texts of `context` tokens n cards hold at once; 0 where not even the weights fit."""
    left = memory(model, card, n, form, context, 1).left * n + kv_bytes(model, context)
    return max(0, math.floor(left / kv_bytes(model, context)))


# ---- how fast, and for how much? -----------------------------------------------------------------------------------


def experts_read(model: Model, users: int) -> float:
    """The share of each layer's experts that somebody wants in one step, expected. Each token's experts count as drawn
    at random, independently."""
    return 1 - (1 - model.chosen / model.experts) ** users


def weights_read(model: Model, users: int) -> float:
    """How many parameters one step reads, expected: with more users more experts are wanted by somebody."""
    return always(model) + (routed(model) * experts_read(model, users) if model.experts else 0)


def operations(model: Model, context: int) -> float:
    """Operations for one token that looks at `context` others: a multiplication and an addition for each parameter
    that it uses; in attention, for each number of a query with one of each key, of each share with one of each value.
    """
    seen = 2 * model.latent + model.rope if model.latent else 2 * model.head_dim
    return 2 * active(model) + 2 * model.layers * model.heads * seen * context


@dataclass(frozen=True)
class Step:
    """The shortest time of one step, in which each user gets a token. reading, computing: seconds for each alone."""

    reading: float
    computing: float
    users: int

    @property
    def seconds(self) -> float:
        return max(self.reading, self.computing)

    @property
    def tokens_per_second(self) -> float:
        """Of all users together."""
        return self.users / self.seconds


def step(model: Model, card: Card, n: int, form: str, context: int, users: int) -> Step:
    """A lower bound for writing one token for each user: every byte read once, every operation done once, at the speed
    of the datasheet (roofline, Williams et al. 2009). Links between cards, prompts, waiting: not counted.

    Two simplifications. The input embedding is read in full, which makes the time of one user a little too long (for
    DeepSeek-R1 by 2.5 %). Attention is computed in `form` like all the rest; who computes it in BF16, as DeepSeek does,
    needs more time wherever arithmetic is the limit (on the H20).
    """
    memory(model, card, n, form, context, users)  # checks what is asked
    read = weights_read(model, users) * FORMATS[form] + users * kv_bytes(model, context)
    done = users * operations(model, context)
    return Step(read / (n * card.bandwidth_gb_s * 1e9), done / (n * card.operations(form)), users)


def cost_per_million(price_per_hour: float, tokens_per_second: float, busy: float = 1.0) -> float:
    """The price of a million written tokens. busy: the share of the time with work, above 0 and at most 1."""
    if not (tokens_per_second > 0 and 0 < busy <= 1 and price_per_hour >= 0):
        raise CourseError(
            "价钱不能是负数，速度要大于 0，busy 要大于 0、不超过 1。",
            "The price must not be negative, the speed must be above 0, and busy above 0 and at most 1.",
        )
    return price_per_hour / (3600 * tokens_per_second * busy) * 1e6


def _counts(**numbers: int) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise CourseError(
                f"{name} 要是 1、2、3……这样的整数，现在是 {number!r}。",
                f"{name} must be a whole number from 1, but it is {number!r}.",
            )


# ---- batches -------------------------------------------------------------------------------------------------------


def static_steps(lengths: Sequence[int], size: int) -> int:
    """Model calls to write texts of these lengths, `size` at a time, if each batch waits for its longest text."""
    _counts(size=size)
    return sum(max(lengths[at : at + size]) for at in range(0, len(lengths), size))


def continuous_steps(lengths: Sequence[int], size: int) -> int:
    """The same if a finished text's place goes to the next one at once (continuous batching, Yu et al. 2022)."""
    _counts(size=size)
    free = [0] * min(size, len(lengths))  # when each place is free again
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return max(free, default=0)
