"""Long texts: what attention costs as they grow, and five ways to look at fewer tokens, each with its own blind spot.

All attention here is causal. q is (…, n, d), k and v are (…, m, d), where … may be heads: the n queries belong to the
last n of m tokens, so n = m reads a whole text and n = 1 asks one question at its end. Each way computes exactly what
dense attention gives with the mask of the tokens that it keeps, in chunks of queries, so that no n × m table is held.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course.attention import causal_mask, scaled_dot_product_attention
from aigc_course.errors import CourseError

# ---- dense: every token looks at everything behind it --------------------------------------------------------------


def dense(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """(…, n, d): attention as in the lesson before, the table of n × m scores held in memory as a whole."""
    return scaled_dot_product_attention(q, k, v, causal_mask(q.shape[-2], k.shape[-2]).to(q.device))[0]


# ---- a fixed choice: the nearest tokens ----------------------------------------------------------------------------


def window_mask(n: int, m: int, window: int, sinks: int = 0) -> Tensor:
    """(n, m), True for the last `window` tokens up to the query itself, and for the first `sinks` of the text."""
    _whole(window=window)
    _whole(0, sinks=sinks)
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    return causal_mask(n, m) & ((keys > places - window) | (keys < sinks))


def sliding_window(q: Tensor, k: Tensor, v: Tensor, window: int = 512, sinks: int = 0, chunk: int = 256) -> Tensor:
    """Each token sees the `window` last ones, itself included (Longformer, arXiv:2004.05150); sinks: and the first few
    of the text, on which trained models rest attention that they have no use for (StreamingLLM, arXiv:2309.17453)."""
    _whole(window=window)
    _whole(0, sinks=sinks)

    def one(rows: slice, places: Tensor) -> Tensor:
        first, end = max(int(places[0]) - window + 1, 0), int(places[-1]) + 1
        keys = torch.cat([torch.arange(min(sinks, first)), torch.arange(first, end)]).to(q.device)
        seen = (keys <= places[:, None]) & ((keys > places[:, None] - window) | (keys < sinks))
        return scaled_dot_product_attention(q[..., rows, :], k[..., keys, :], v[..., keys, :], seen)[0]

    return _in_chunks(one, q, k, v, chunk)


def random_mask(n: int, m: int, share: float, generator: torch.Generator, lead: Sequence[int] = ()) -> Tensor:
    """(*lead, n, m): each earlier token is kept by chance, a `share` of them, and the query's own always. For dense
    attention: a mask laid over a full table makes the table no smaller."""
    kept = torch.rand(*lead, n, m, generator=generator) < share
    return (kept & causal_mask(n, m)) | torch.eye(m, dtype=torch.bool)[-n:]


# ---- a choice by content: blocks, tokens, tokens named by a learned index ------------------------------------------


def block_sparse(q: Tensor, k: Tensor, v: Tensor, block: int = 64, blocks: int = 8, chunk: int = 16) -> Tensor:
    """Each query sees `blocks` blocks of `block` tokens: its own, and those earlier ones whose mean key fits it best
    (MoBA, arXiv:2502.13189; NSA, arXiv:2502.11089, selects blocks too, by scores that it learns)."""
    _whole(block=block, blocks=blocks)
    fill = (0, 0, 0, -k.shape[-2] % block)  # whole blocks; the fill lies in the future, where nobody looks
    k_whole, v_whole = (torch.nn.functional.pad(x, fill) for x in (k, v))
    means = k_whole.unflatten(-2, (-1, block)).mean(-2)

    def one(rows: slice, places: Tensor) -> Tensor:
        chosen = choose_blocks(q[..., rows, :] @ means.transpose(-1, -2), places // block, blocks)
        return attend(q[..., rows, :], k_whole, v_whole, chosen, places, block)

    return _in_chunks(one, q, k, v, chunk)


def top_k(q: Tensor, k: Tensor, v: Tensor, keep: int = 512, chunk: int = 16) -> Tensor:
    """Each query sees the `keep` tokens with the highest scores. To know them it must compute every score."""
    _whole(keep=keep)

    def one(rows: slice, places: Tensor) -> Tensor:
        scores = q[..., rows, :] @ k[..., : int(places[-1]) + 1, :].transpose(-1, -2)
        return attend(q[..., rows, :], k, v, choose_tokens(scores, places, keep), places)

    return _in_chunks(one, q, k, v, chunk)


class Index(NamedTuple):
    """What the index knows of a text, in e numbers where attention has d: q (n, index heads, e) and weights (n, index
    heads) of the queries, k (m, e) of the tokens. All heads of attention share it."""

    q: Tensor
    k: Tensor
    weights: Tensor


def indexed(q: Tensor, k: Tensor, v: Tensor, index: Index, keep: int = 512, chunk: int = 16) -> Tensor:
    """Each query sees the `keep` tokens that the index scores highest: DeepSeek Sparse Attention (DeepSeek-V3.2-Exp,
    2025). Scores are still computed for all tokens, but few and small ones, once for all heads."""
    _whole(keep=keep)
    if len(index.q) != q.shape[-2] or len(index.k) != k.shape[-2]:
        raise CourseError(
            f"索引读的是 {len(index.k)} 个 token、{len(index.q)} 个查询，这里不是这么多：请用同一段文本做索引。",
            f"The index has read {len(index.k)} tokens and {len(index.q)} queries, not those given here: "
            "make it from the same text.",
        )

    def one(rows: slice, places: Tensor) -> Tensor:
        behind = Index(index.q[rows], index.k[: int(places[-1]) + 1], index.weights[rows])
        return attend(q[..., rows, :], k, v, choose_tokens(index_scores(behind), places, keep), places)

    return _in_chunks(one, q, k, v, chunk)


def choose_blocks(scores: Tensor, own: Tensor, blocks: int) -> Tensor:
    """(…, n, blocks) numbers of blocks, given their scores (…, n, all blocks) and each query's own block (n,), which
    always counts. Where there are fewer blocks so far, the rest are blocks to come, for `attend` to hide."""
    number = torch.arange(scores.shape[-1], device=scores.device)
    scores = scores.masked_fill(number > own[:, None], -torch.inf).masked_fill(number == own[:, None], torch.inf)
    return scores.topk(min(blocks, scores.shape[-1]), sorted=False).indices


def choose_tokens(scores: Tensor, places: Tensor, keep: int) -> Tensor:
    """(…, n, keep) places of the tokens with the highest scores (…, n, m) at or before each query's own place (n,).
    Where there are fewer, the rest are tokens to come, for `attend` to hide."""
    to_come = torch.arange(scores.shape[-1], device=scores.device) > places[:, None]
    return scores.masked_fill(to_come, -torch.inf).topk(min(keep, scores.shape[-1]), sorted=False).indices


def attend(q: Tensor, k: Tensor, v: Tensor, chosen: Tensor, places: Tensor, block: int = 1) -> Tensor:
    """(…, n, d): attention to the chosen blocks (…, n, c) only, or, at block = 1, tokens; a `chosen` without heads
    serves all. places: (n,), the queries' own; what lies after them is hidden. k, v: whole blocks."""
    chosen = chosen.expand(*q.shape[:-1], -1)
    keys = (chosen[..., None] * block + torch.arange(block, device=q.device)).flatten(-2)
    seen = keys <= places[:, None]
    k, v = (_take(x, chosen, block) for x in (k, v))
    return scaled_dot_product_attention(q[..., None, :], k, v, seen[..., None, :])[0].squeeze(-2)


def chosen_mask(chosen: Tensor, places: Tensor, m: int, block: int = 1) -> Tensor:
    """(…, n, m): the same choice as a mask for dense attention, to hold the two against each other."""
    number = torch.arange(m, device=chosen.device) // block
    return (number == chosen[..., None]).any(-2) & (torch.arange(m, device=chosen.device) <= places[:, None])


def _take(x: Tensor, chosen: Tensor, block: int) -> Tensor:
    """(…, n, c · block, d): the chosen blocks of x (…, m, d), copied side by side for each query."""
    lead, d = x.shape[:-2], x.shape[-1]
    rows = x.reshape(-1, block * d)  # one long list of all heads' blocks
    first = torch.arange(math.prod(lead), device=x.device).view(*lead, 1, 1) * (x.shape[-2] // block)
    return torch.nn.functional.embedding(chosen + first, rows).unflatten(-1, (block, d)).flatten(-3, -2)


def _in_chunks(one: Callable[[slice, Tensor], Tensor], q: Tensor, k: Tensor, v: Tensor, chunk: int) -> Tensor:
    """one(rows, their places in the text), for a chunk of queries at a time."""
    _whole(chunk=chunk)
    n, m = q.shape[-2], k.shape[-2]
    if not 1 <= n <= m or (*q.shape[:-2], m, q.shape[-1]) != k.shape or k.shape[:-1] != v.shape[:-1]:
        raise CourseError(
            f"形状对不上：q {tuple(q.shape)}、k {tuple(k.shape)}、v {tuple(v.shape)}；q 要是 (…, n, d)，k 和 v 要是 "
            "(…, m, d)，n 在 1 和 m 之间。",
            f"Shapes do not fit: q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}; q must be (…, n, d), "
            "k and v (…, m, d), with n from 1 to m.",
        )
    places = torch.arange(m - n, m, device=q.device)
    output = q.new_empty(*q.shape[:-1], v.shape[-1])  # made first: small pieces kept between large ones tear memory up
    for rows in (slice(a, a + chunk) for a in range(0, n, chunk)):
        output[..., rows, :] = one(rows, places[rows])
    return output


def _whole(least: int = 1, **numbers: int) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise CourseError(
                f"{name} 要是整数，至少是 {least}，现在是 {value}。",
                f"{name} must be a whole number, {least} or more, but it is {value}.",
            )


# ---- the index learns what attention looks at ----------------------------------------------------------------------


def index_scores(index: Index) -> Tensor:
    """(n, m): the lightning indexer's score Σ_j w_j · ReLU(q_j · k), j over the index's heads."""
    return torch.einsum("nhm,nh->nm", (index.q @ index.k.T).relu(), index.weights)


class Indexer(torch.nn.Module):
    """Three matrices that read queries and keys, of all heads side by side (`width` numbers), and write an `Index`.
    DeepSeek's reads the hidden states that queries and keys are made from."""

    def __init__(self, width: int, e: int = 16, heads: int = 2, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        shapes = {"to_q": (width, heads * e), "to_k": (width, e), "to_weights": (width, heads)}
        for name, shape in shapes.items():
            drawn = torch.randn(shape, generator=generator) / width**0.5
            setattr(self, name, torch.nn.Parameter(drawn))
        self.bias = torch.nn.Parameter(torch.ones(heads))

    def forward(self, q: Tensor, k: Tensor) -> Index:
        """q: (n, width) or (heads, n, d), k: (m, width) or (heads, m, d), with heads · d = width."""
        q, k = (x.movedim(-2, 0).flatten(1) for x in (q, k))
        queries = (q @ self.to_q).unflatten(-1, (len(self.bias), -1))
        return Index(queries, k @ self.to_k, q @ self.to_weights + self.bias)


def index_loss(scores: Tensor, attention: Tensor, mask: Tensor) -> Tensor:
    """KL(attention ‖ softmax of the index's scores), nats per query: the index is to look where attention looks.
    All (n, m); attention is dense attention's, averaged over the heads that share the index."""
    log_q = scores.masked_fill(~mask, -torch.inf).log_softmax(-1).masked_fill(~mask, 0)
    return (torch.special.xlogy(attention, attention) - attention * log_q).sum(-1).mean()


def train_indexer(
    indexer: Indexer, draw: Callable[[], tuple[Tensor, Tensor]], steps: int, rate: float = 0.01
) -> list[float]:
    """Teach the index where attention looks; attention itself stays as it is (DeepSeek's “dense warm-up”). draw: (q, k)
    of a fresh text, as the indexer reads them. Returns the losses."""
    optimizer, losses = torch.optim.AdamW(indexer.parameters(), rate, weight_decay=0.0), []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        q, k = draw()
        mask = causal_mask(q.shape[-2], k.shape[-2])
        attention = scaled_dot_product_attention(q, k, k, mask)[1].reshape(-1, *mask.shape).mean(0)
        loss = index_loss(index_scores(indexer(q, k)), attention, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


# ---- a needle in a haystack ----------------------------------------------------------------------------------------


class Haystack(NamedTuple):
    """A made-up text of n tokens and questions asked at its end. q (questions, d), k, v (n, d); answers (questions, d),
    of length 1; places (questions,): where each needle starts; distances (questions,): from there to its question."""

    q: Tensor
    k: Tensor
    v: Tensor
    answers: Tensor
    places: Tensor
    distances: Tensor


def haystack(
    n: int, questions: int, generator: torch.Generator, d: int = 64, span: int = 1, alike: float = 0.9, sharp: float = 4
) -> Haystack:
    """Random keys and values, in which each question has a needle of `span` tokens somewhere before the questions.

    alike: how near the needle's keys are to what the question looks for (1: the same); sharp: how decided attention is.
    As in trained models, some directions of the keys carry more than others.
    """
    _whole(n=n, questions=questions, span=span)
    slots = (n - questions) // (2 * span)  # room for each needle, wherever it starts in the first half of its slot
    if slots < questions:
        raise CourseError(
            f"{n} 个 token 里放不下 {questions} 根 {span} 个 token 长的针：请加长文本，或少问几个问题。",
            f"{n} tokens have no room for {questions} needles of {span}: make the text longer, or ask fewer questions.",
        )
    size = torch.exp(-torch.arange(d) / d)
    turn = torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(0))).Q  # the same in every text
    shape = (size / size.square().mean().sqrt())[:, None] * turn
    k = torch.randn(n, d, generator=generator) @ shape
    v = torch.nn.functional.normalize(torch.randn(n, d, generator=generator), dim=-1)
    wanted = torch.nn.functional.normalize(torch.randn(questions, d, generator=generator) @ shape, dim=-1) * d**0.5
    answers = torch.nn.functional.normalize(torch.randn(questions, d, generator=generator), dim=-1)
    slot = torch.randperm(slots, generator=generator)[:questions]
    places = slot * 2 * span + torch.randint(span, (questions,), generator=generator)
    needles = places[:, None] + torch.arange(span)
    k[needles] = alike * wanted[:, None] + (1 - alike**2) ** 0.5 * k[needles]
    v[needles] = answers[:, None].expand(-1, span, -1)
    return Haystack(sharp * wanted, k, v, answers, places, torch.arange(n - questions, n) - places)


def found(output: Tensor, text: Haystack) -> Tensor:
    """(questions,), True where more than half of what attention brought back is the needle's answer."""
    return (output * text.answers).sum(-1) > 0.5


# ---- growth --------------------------------------------------------------------------------------------------------


def power_law(lengths: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """(exponent, factor) of cost = factor · length^exponent: the straight line through the points on a log-log chart,
    by least squares. 1: twice as long costs twice as much; 2: four times."""
    if len(set(lengths)) < 2 or len(lengths) != len(costs) or min(*lengths, *costs) <= 0:
        raise CourseError(
            "要拟合一条线，至少要两个不同的长度，每个长度一个大于 0 的代价。",
            "To fit a line there must be two different lengths or more, and a cost above 0 for each.",
        )
    x, y = (torch.tensor([math.log(value) for value in values], dtype=torch.float64) for values in (lengths, costs))
    exponent = float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())
    return exponent, math.exp(float(y.mean()) - exponent * float(x.mean()))
