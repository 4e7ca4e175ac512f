"""What attention heads do: where they look, and whether it matters. A pattern is a guess; an ablation tests it.

Everything takes what `attention.forward(…, keep=True)` keeps and answers for all heads at once: (layers, heads, …).
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from aigc_course.attention import Head, Weights, forward
from aigc_course.errors import CourseError


def filled(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(ids, real), each (B, n): texts of any lengths filled up on the right, as `attention.forward` takes them."""
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], batch_first=True, padding_value=-1)
    return ids.clamp(min=0), ids >= 0


# ---- where a head looks --------------------------------------------------------------------------------------------


def look(attention: Sequence[Tensor], text: int, query: int, keys: Sequence[int]) -> Tensor:
    """(layers, heads): how much of its attention each head gives, at place `query` of a text, to the places `keys`
    together, from 0 to 1. From a pronoun or a name to its earlier mentions, this is the reference score."""
    if not all(0 <= key <= query < attention[0].shape[-1] for key in keys):
        raise CourseError(
            f"位置 {query} 只能看到 0 到 {query}，而且要在文本之内；要看的是 {list(keys)}。",
            f"Place {query} sees 0 to {query} only, and must lie in the text; asked for {list(keys)}.",
        )
    return torch.stack(list(attention))[:, text, :, query, list(keys)].sum(-1)


def previous_token_score(attention: Sequence[Tensor]) -> Tensor:
    """(layers, heads): the mean attention to the token just before, over all places but the first two (the second has
    little choice)."""
    return _at_distance(attention, 1, start=2)


def repeated_random(vocab: Sequence[int], length: int, texts: int, generator: torch.Generator, first: int) -> Tensor:
    """(texts, 1 + 2 · length) ids: `first`, then random ids from `vocab`, then the same once more. No grammar helps
    here: whoever predicts the second half has looked it up in the first."""
    if length < 2:
        raise CourseError(f"length 至少是 2，现在是 {length}。", f"length must be 2 or more, but it is {length}.")
    pool = torch.tensor(list(vocab))
    half = pool[torch.randint(len(pool), (texts, length), generator=generator)]
    return torch.cat([torch.full((texts, 1), first), half, half], dim=1)


def induction_score(attention: Sequence[Tensor], length: int) -> Tensor:
    """(layers, heads), on `repeated_random` texts: the mean attention, in the second half, to the token that followed
    when the same token stood here before (Olsson et al. 2022, arXiv:2209.11895)."""
    if attention[0].shape[-1] != 1 + 2 * length:
        raise CourseError(
            f"文本要有 1 + 2 × {length} 个 token，这里有 {attention[0].shape[-1]} 个：请给 repeated_random 的文本。",
            f"Texts must have 1 + 2 × {length} tokens, these have {attention[0].shape[-1]}: give repeated_random's.",
        )
    return _at_distance(attention, length - 1, start=length + 1)


def _at_distance(attention: Sequence[Tensor], distance: int, start: int) -> Tensor:
    """Mean over texts and the places from `start` of the attention to the place `distance` to the left."""
    seen = torch.stack([layer.diagonal(-distance, -2, -1) for layer in attention])  # (layers, B, heads, n - distance)
    return seen[..., start - distance :].mean((1, 3))


# ---- whether it matters --------------------------------------------------------------------------------------------


def head_means(weights: Weights, config, ids: Tensor, real: Tensor | None = None) -> Tensor:
    """(layers, heads, d): each head's output, averaged over all places and texts: what it says whatever the text is.

    `{head: means[head]}` is an ablation for `attention.forward`. Take the texts from where the claim is to hold.
    """
    found = torch.stack(forward(weights, config, ids, real, keep=True).heads)
    if real is None:
        return found.mean((1, 3))
    return found.transpose(2, 3)[:, real.bool()].mean(1)


def log_probability(
    weights: Weights,
    config,
    ids: Tensor,
    places: Tensor,
    real: Tensor | None = None,
    ablate: Mapping[Head, Tensor | float] | None = None,
) -> Tensor:
    """(B,), nats: how likely the model finds the token that stands at each text's place. places: (B,), from 1."""
    if not bool(((places >= 1) & (places < ids.shape[1])).all()):
        raise CourseError(
            f"places 要在 1 和 {ids.shape[1] - 1} 之间：第 0 个 token 前面什么也没有。",
            f"places must lie between 1 and {ids.shape[1] - 1}: nothing stands before token 0.",
        )
    rows = torch.arange(len(ids), device=ids.device)
    logits = forward(weights, config, ids, real, ablate=ablate).logits[rows, places - 1]
    return logits.float().log_softmax(-1)[rows, ids[rows, places]]


def ablation_losses(
    weights: Weights,
    config,
    ids: Tensor,
    places: Tensor,
    real: Tensor | None = None,
    means: Tensor | None = None,
) -> Tensor:
    """(layers, heads, B), nats: by how much `log_probability` falls when one head is replaced by its mean (by 0
    without means)."""
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    before = log_probability(weights, config, ids, places, real)
    lost = torch.empty(layers, heads, len(ids))
    for head in torch.cartesian_prod(torch.arange(layers), torch.arange(heads)).tolist():
        value = 0.0 if means is None else means[tuple(head)]
        lost[tuple(head)] = before - log_probability(weights, config, ids, places, real, {tuple(head): value})
    return lost


def mean_interval(values: Tensor, z: float = 1.96) -> tuple[float, float, float]:
    """(mean, low, high), 95 % at z = 1.96, of values (n,) measured on n texts drawn independently; n of 2 or more."""
    if len(values) < 2:
        raise CourseError("至少要两个值才有区间。", "An interval needs two values or more.")
    mean, half = float(values.mean()), z * float(values.std()) / math.sqrt(len(values))
    return mean, mean - half, mean + half
