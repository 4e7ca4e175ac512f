"""Mixture of experts: a router sends each token to a few of many small networks, so a model holds more than it uses.

Shazeer et al. 2017 (arXiv:1701.06538), Switch Transformer (Fedus et al. 2021, arXiv:2101.03961), DeepSeek-V3
(arXiv:2412.19437, section 2.1.2). In shapes, T is tokens, d the numbers per token, E the experts, w the width of each,
k how many are chosen for a token. A load is (E,), each expert's share of all choices; it sums to 1.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from aigc_course.attention import apply_rope, merge_heads, rms_norm, rope_tables, split_heads, swiglu
from aigc_course.errors import CourseError

FILL = -100  # in a batch of ids, stands where a text is already over
SCORES = {"softmax": lambda logits: logits.softmax(-1), "sigmoid": torch.sigmoid}
BALANCES = ("none", "loss", "bias")


# ---- one layer -----------------------------------------------------------------------------------------------------


class Routing(NamedTuple):
    """Who was sent where. affinity: (T, E); chosen: (T, k), numbers of experts; gates: (T, k), the weight of each."""

    affinity: Tensor
    chosen: Tensor
    gates: Tensor


def affinities(x: Tensor, router: Tensor, score: str = "sigmoid") -> Tensor:
    """(T, E), from 0 to 1: how well each token suits each expert. x: (T, d); router: (E, d), one direction per expert.

    score: "sigmoid", each expert by itself (DeepSeek-V3), or "softmax", all add up to 1 (Switch, Mixtral).
    """
    if score not in SCORES:
        raise CourseError(
            f"score 要是 {'、'.join(SCORES)} 之一，现在是 {score!r}。",
            f"score must be one of {', '.join(SCORES)}, but it is {score!r}.",
        )
    return SCORES[score](x @ router.T)


def route(
    affinity: Tensor, k: int, bias: Tensor | None = None, normalise: bool = True, closed: Collection[int] = ()
) -> Routing:
    """Choose the k experts with the largest affinity plus bias; the gates are the affinities alone.

    bias: (E,), says who is chosen, never how much they count (DeepSeek-V3, eq. 16). normalise: a token's gates add up
    to 1. closed: experts that nobody may choose.
    """
    experts = affinity.shape[-1]
    if not all(0 <= expert < experts for expert in closed) or not 1 <= k <= experts - len(set(closed)):
        raise CourseError(
            f"共 {experts} 个专家（编号从 0 起），关掉 {sorted(set(closed))}，选不出 {k} 个：k 至少是 1，别关太多。",
            f"Of {experts} experts, numbered from 0, {sorted(set(closed))} are closed: {k} cannot be chosen. "
            "k must be 1 or more; close fewer.",
        )
    wanted = affinity if bias is None else affinity + bias
    if closed:
        wanted = wanted.index_fill(-1, torch.tensor(list(closed), device=wanted.device), -torch.inf)
    chosen = wanted.topk(k, dim=-1).indices
    gates = affinity.gather(-1, chosen)
    return Routing(affinity, chosen, gates / gates.sum(-1, keepdim=True) if normalise else gates)


def mix(x: Tensor, routing: Routing, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """(T, d): what each token's experts say, weighted by their gates. An expert sees only the tokens sent to it.

    x: (T, d); gate, up: (E, w, d) and down: (E, d, w), the experts, each a SwiGLU.
    """
    out = torch.zeros_like(x)
    for expert in range(len(gate)):
        tokens, place = (routing.chosen == expert).nonzero(as_tuple=True)
        said = swiglu(x[tokens], gate[expert], up[expert], down[expert])
        out = out.index_add(0, tokens, said * routing.gates[tokens, place, None])
    return out


# ---- how even is the load, and what evens it out -------------------------------------------------------------------


def load(chosen: Tensor, experts: int) -> Tensor:
    """(E,): each expert's share of the choices, 1/E for all when even. chosen: (T, k)."""
    return torch.bincount(chosen.flatten(), minlength=experts).float() / chosen.numel()


def max_violation(load: Tensor) -> float:
    """How far the busiest expert is above an even share: 0 is even, 1 is twice its share (arXiv:2408.15664, MaxVio)."""
    return float(load.max()) * len(load) - 1


def effective_experts(load: Tensor) -> float:
    """exp of the load's entropy: E when even, 1 when a single expert does everything."""
    return float(torch.special.entr(load).sum().exp())


def balance_loss(affinity: Tensor, chosen: Tensor) -> Tensor:
    """E · Σ load · mean share of affinity: about 1 when even; with k = 1 up to E, when one expert gets all (Switch, eq.
    4; for any k and score as in DeepSeek-V3, eq. 17 to 20). Only the affinity has a gradient: counting has none."""
    experts = affinity.shape[-1]
    share = (affinity / affinity.sum(-1, keepdim=True)).mean(0)
    return experts * (load(chosen, experts) * share).sum()


def updated_bias(bias: Tensor, load: Tensor, speed: float) -> Tensor:
    """After a step: up by `speed` for an expert with less than an even share, down for one with more (DeepSeek-V3)."""
    return bias + speed * torch.sign(1 / len(load) - load)


# ---- a small language model ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """Of a model. shared: width of the feed-forward part that all tokens use; experts = 0 makes the model dense.
    spread: standard deviation of the router's first weights; the larger, the sooner the routes are settled."""

    vocab: int
    d: int = 64
    heads: int = 4
    shared: int = 0
    experts: int = 0
    chosen: int = 2
    width: int = 16
    score: str = "sigmoid"
    normalise: bool = True
    spread: float = 1.0

    @property
    def equal_compute(self) -> int:
        """The width of a dense feed-forward part that costs each token as much; the router's cost is rounded up."""
        return self.shared + self.chosen * self.width + math.ceil(self.experts / 3)

    @property
    def equal_size(self) -> int:
        """The width of a dense feed-forward part that holds as many weights."""
        return self.shared + self.experts * self.width + math.ceil(self.experts / 3)


def _drawn(*shape: int, spread: float = 0.05) -> nn.Parameter:
    return nn.Parameter(spread * torch.randn(*shape))


class FeedForward(nn.Module):
    """What follows attention in a block: a dense SwiGLU, experts, or both."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, d, e, w = shape, shape.d, shape.experts, shape.width
        sizes = ((shape.shared, d), (shape.shared, d), (d, shape.shared))
        self.shared = nn.ParameterList(_drawn(*size) for size in sizes if shape.shared)
        if e:
            self.router = _drawn(e, d, spread=shape.spread)
            self.gate, self.up, self.down = _drawn(e, w, d), _drawn(e, w, d), _drawn(e, d, w)
            self.register_buffer("bias", torch.zeros(e))

    def forward(self, x: Tensor, closed: Collection[int] = ()) -> tuple[Tensor, Routing | None]:
        """x: (T, d) → (what is added to x, the routing)."""
        out = swiglu(x, *self.shared) if self.shape.shared else torch.zeros_like(x)
        if not self.shape.experts:
            return out, None
        s = self.shape
        routing = route(affinities(x, self.router, s.score), s.chosen, self.bias, s.normalise, closed)
        return out + mix(x, routing, self.gate, self.up, self.down), routing


class Model(nn.Module):
    """A language model of a single block, attention and then a feed-forward part; its output table is its input table.
    With softmax scores it is a Mixtral of one layer (arXiv:2401.04088)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, d = shape, shape.d
        self.embed = _drawn(shape.vocab, d)
        self.q, self.k, self.v, self.o = (_drawn(d, d) for _ in range(4))
        self.norms = nn.ParameterList(nn.Parameter(torch.ones(d)) for _ in range(3))
        self.feed_forward = FeedForward(shape)

    def forward(self, ids: Tensor, closed: Collection[int] = ()) -> tuple[Tensor, Routing | None]:
        """(logits (T, vocab), routing): for each token with a next one, text after text. ids: (texts, n), FILL after
        the end of a text. closed: experts that are switched off; their tokens go to the next best."""
        asked = ids[:, 1:] != FILL
        ids = ids[:, :-1].clamp(min=0)  # no token looks to its right, so fill there needs no mask
        h, heads = self.embed[ids], self.shape.heads
        x = rms_norm(h, self.norms[0])
        rope = rope_tables(torch.arange(ids.shape[1], device=ids.device), self.shape.d // heads)
        q, k = (apply_rope(split_heads(x @ w.T, heads), *rope) for w in (self.q, self.k))
        found = nn.functional.scaled_dot_product_attention(q, k, split_heads(x @ self.v.T, heads), is_causal=True)
        h = (h + merge_heads(found) @ self.o.T)[asked]
        added, routing = self.feed_forward(rms_norm(h, self.norms[1]), closed)
        return rms_norm(h + added, self.norms[2]) @ self.embed.T, routing


def next_ids(ids: Tensor) -> Tensor:
    """(T,): the token that really came, in the order of `Model.forward`."""
    return ids[:, 1:][ids[:, 1:] != FILL]


@torch.no_grad()
def losses(model: Model, ids: Tensor, closed: Collection[int] = ()) -> Tensor:
    """(T,), nats: how surprised the model is by each next token."""
    return nn.functional.cross_entropy(model(ids, closed)[0], next_ids(ids), reduction="none")


def held(model: Model) -> int:
    """How many weights the model holds."""
    return sum(p.numel() for p in model.parameters())


def used(model: Model) -> int:
    """How many of them work on one token: all but the experts that it is not sent to."""
    s = model.shape
    return held(model) - (s.experts - s.chosen) * 3 * s.d * s.width if s.experts else held(model)


# ---- training ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """Of a training. balance: "none", "loss" (weighed by `alpha`) or "bias" (at `speed`, which falls to 0 with the
    learning rate); warm_up: steps until the learning rate is reached."""

    steps: int = 400
    learning_rate: float = 2e-2
    balance: str = "none"
    alpha: float = 0.01
    speed: float = 0.001
    warm_up: int = 20


def train(model: Model, batches: Iterable[Tensor], recipe: Recipe) -> Iterator[tuple[int, float, Tensor | None]]:
    """Train in place; after each step (its number from 1, its loss in nats, its load). batches: ids, one per step."""
    if recipe.balance not in BALANCES:
        raise CourseError(
            f"balance 要是 {'、'.join(BALANCES)} 之一，现在是 {recipe.balance!r}。",
            f"balance must be one of {', '.join(BALANCES)}, but it is {recipe.balance!r}.",
        )
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    for step, ids in zip(range(1, recipe.steps + 1), batches, strict=False):
        pace = min(step / recipe.warm_up, 0.5 * (1 + math.cos(math.pi * step / (recipe.steps + 1))))
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * pace
        logits, routing = model(ids)
        loss = total = nn.functional.cross_entropy(logits, next_ids(ids))
        if routing and recipe.balance == "loss":
            total = loss + recipe.alpha * balance_loss(routing.affinity, routing.chosen)
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        share = load(routing.chosen, model.shape.experts) if routing else None
        if routing and recipe.balance == "bias":
            model.feed_forward.bias = updated_bias(model.feed_forward.bias, share, recipe.speed * pace)
        yield step, loss.item(), share


# ---- what experts are for ------------------------------------------------------------------------------------------


def traffic(chosen: Tensor, kinds: Tensor, number: int, experts: int) -> Tensor:
    """(number, E): how often tokens of each kind were sent to each expert. chosen: (T, k); kinds: (T,), from 0."""
    pairs = kinds[:, None] * experts + chosen
    return torch.bincount(pairs.flatten(), minlength=number * experts).view(number, experts)


def information(counts: Tensor) -> float:
    """Nats that the expert tells about the kind, and the kind about the expert: 0 if they have nothing to do with each
    other (mutual information). counts: (kinds, E)."""
    p = counts / counts.sum()
    apart = p.sum(0) * p.sum(1, keepdim=True)
    return float(torch.special.xlogy(p, p / apart.clamp(min=1e-30)).sum())


def by_chance(chosen: Tensor, kinds: Tensor, number: int, experts: int, generator: torch.Generator) -> float:
    """`information` of the same tokens with the kinds dealt out anew: what remains is chance."""
    dealt = kinds[torch.randperm(len(kinds), generator=generator)]
    return information(traffic(chosen, dealt, number, experts))
