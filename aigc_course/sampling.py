"""Choosing the next token: from a model's scores to a word, one small step at a time.

Every filter takes logits of shape (..., vocab) and returns logits of the same shape, with -inf where it cuts.
Ties, edges and order are those of transformers' `generate`: temperature, then top-k, then top-p, then min-p.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from aigc_course.errors import CourseError


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also true for NaN
        raise CourseError(
            f"{name} 要在 {low:g} 和 {high:g} 之间，现在是 {value}。请换一个值。",
            f"{name} must lie between {low:g} and {high:g}, but it is {value}: choose another value.",
        )


def softmax(logits: Tensor) -> Tensor:
    """Logits (..., vocab) to probabilities that sum to 1 along the last axis.

    The largest logit is subtracted first: the result is the same, and exp() cannot overflow.
    """
    weights = torch.exp(logits - logits.amax(dim=-1, keepdim=True))
    return weights / weights.sum(dim=-1, keepdim=True)


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Divide the logits by the temperature: below 1 sharpens, above 1 flattens, 1 changes nothing."""
    if not 0 < temperature < math.inf:
        raise CourseError(
            f"temperature 要大于 0，现在是 {temperature}。想总是选概率最高的 token，请用 greedy。",
            f"temperature must be greater than 0, but it is {temperature}: to always take the likeliest, use greedy.",
        )
    return logits / temperature


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k highest logits. A tie with the k-th one is kept too, so more than k may stay (Fan et al. 2018)."""
    if not (k >= 1 and k % 1 == 0):
        raise CourseError(
            f"top-k 的 k 要是 1、2、3……这样的整数，现在是 {k}。",
            f"The k of top-k must be a whole number, 1 or more, but it is {k}.",
        )
    kth = logits.topk(min(int(k), logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < kth, -math.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the fewest likeliest tokens whose probabilities reach p together, at least one (Holtzman et al. 2020)."""
    _within("top-p", p, 0, 1)
    ascending, order = logits.sort(dim=-1)
    cut = softmax(ascending).cumsum(dim=-1) <= 1 - p  # the tail that the others can do without
    cut[..., -1] = False
    return logits.masked_fill(cut.scatter(-1, order, cut), -math.inf)


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep the tokens at least p times as likely as the likeliest one (Nguyen et al. 2024)."""
    _within("min-p", p, 0, 1)
    probs = softmax(logits)
    return logits.masked_fill(probs < p * probs.amax(dim=-1, keepdim=True), -math.inf)


# name -> (the value that leaves it out, the filter), in the order in which transformers' generate applies them
FILTERS = {"temperature": (1, apply_temperature), "top_k": (0, top_k), "top_p": (1, top_p), "min_p": (0, min_p)}


def warp(logits: Tensor, **settings: float) -> Tensor:
    """Apply temperature=, top_k=, top_p= and min_p= to logits (..., vocab), in this order, each only if given."""
    unknown = settings.keys() - FILTERS.keys()
    if unknown:
        names = ", ".join(FILTERS)
        raise CourseError(
            f"没有叫 {min(unknown)} 的采样设置，可选：{names}。",
            f"There is no sampling setting called {min(unknown)}: use {names}.",
        )
    for name, (off, apply) in FILTERS.items():
        value = settings.get(name, off)
        if value != off:
            logits = apply(logits, value)
    return logits


def greedy(logits: Tensor) -> Tensor:
    """Index of the highest logit, shape (...); the first one where several are equal."""
    return logits.argmax(dim=-1)


def choose(probs: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw one index from each row of probabilities (..., vocab); the same generator state draws the same."""
    if not (torch.isfinite(probs).all() and (probs >= 0).all() and (probs.sum(dim=-1) > 0).all()):
        raise CourseError(
            "这些数不是概率：要都不小于 0、都有限、和大于 0。温度太接近 0 也会这样。",
            "These are not probabilities: they must be finite, none below 0, their sum above 0. "
            "A temperature too close to 0 also does this.",
        )
    return torch.multinomial(probs, 1, generator=generator).squeeze(-1)


def seeded(seed: int) -> torch.Generator:
    """A random generator that starts at `seed`: the same seed gives the same draws."""
    return torch.Generator().manual_seed(seed)


def pick(logits: Tensor, generator: torch.Generator | None = None, **settings: float) -> Tensor:
    """One token index per row of logits (..., vocab): drawn after `warp`, or the greedy one where temperature=0."""
    if settings.get("temperature") == 0:
        return greedy(logits)
    return choose(softmax(warp(logits, **settings)), generator)


def encode(tokenizer, prompt: str) -> list[int]:
    """Token ids of the prompt, the tokenizer's start token first where it has one."""
    ids = list(tokenizer(prompt)["input_ids"])
    if not ids:
        raise CourseError("提示词是空的，请至少写一个字。", "The prompt is empty: write at least one word.")
    return ids


@torch.no_grad()
def next_logits(model, ids: Sequence[int]) -> Tensor:
    """The model's logits (vocab,) for the token after `ids`, in float32 on the CPU."""
    batch = torch.tensor([list(ids)], device=model.device)
    return model(batch).logits[0, -1].float().cpu()


def generate(
    model, tokenizer, prompt: str, max_new_tokens: int = 64, generator: torch.Generator | None = None, **settings: float
) -> list[int]:
    """The five steps, the last three in a loop. Returns all token ids: the prompt's, the new ones, the end token.

    settings: as for `pick`. No KV cache (another lesson's subject): each step reads the whole text again.
    """
    ids = encode(tokenizer, prompt)
    for _ in range(max_new_tokens):
        ids.append(int(pick(next_logits(model, ids), generator, **settings)))
        if ids[-1] == tokenizer.eos_token_id:
            break
    return ids


@torch.no_grad()
def sample_many(
    model,
    tokenizer,
    prompt: str,
    n: int,
    max_new_tokens: int = 64,
    generator: torch.Generator | None = None,
    **settings: float,
) -> list[str]:
    """`n` texts that begin with `prompt`, drawn side by side, the first to end first; settings as for `pick`.

    For measuring: all rows take each step together and keep what was computed before (a KV cache).
    """
    rows = new = torch.tensor([encode(tokenizer, prompt)] * n, device=model.device)
    cache, finished = None, []
    for _ in range(max_new_tokens):
        output = model(new, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        new = pick(output.logits[:, -1].float().cpu(), generator, **settings).to(rows.device)[:, None]
        rows = torch.cat([rows, new], dim=1)
        going = new[:, 0] != tokenizer.eos_token_id
        if not going.all():
            finished += rows[~going].tolist()
            rows, new = rows[going], new[going]
            if not len(rows):
                break
            cache.batch_select_indices(going.nonzero()[:, 0])
    return tokenizer.batch_decode(finished + rows.tolist(), skip_special_tokens=True)


@torch.no_grad()
def continuation_probability(model, tokenizer, prompt: str, continuation: str, **settings: float) -> float:
    """The probability that `continuation` comes next: its tokens' probabilities multiplied. Settings as for `warp`."""
    ids = encode(tokenizer, prompt)
    new = tokenizer(continuation, add_special_tokens=False)["input_ids"]
    batch = torch.tensor([ids + new], device=model.device)
    logits = model(batch).logits[0, len(ids) - 1 : -1].float().cpu()
    probs = softmax(warp(logits, **settings))
    return float(probs[range(len(new)), new].prod())


def truth_tensor(truth: dict[int, float], vocab: int) -> Tensor:
    """The grammar's {token id: probability} as a tensor (vocab,), 0 for every token that it rules out."""
    probs = torch.zeros(vocab)
    for token, probability in truth.items():
        probs[token] = probability
    return probs


def kl_divergence(p: Tensor, q: Tensor) -> float:
    """KL(p ‖ q) in nats for p, q of shape (vocab,): 0 where they agree, infinite where q rules out what p allows."""
    possible = p > 0
    return float((p[possible] * (p[possible] / q[possible]).log()).sum())


def entropy(probs: Tensor) -> float:
    """Entropy in nats of probabilities (vocab,): 0 for certainty, log(n) for n equal ones."""
    possible = probs[probs > 0]
    return float(-(possible * possible.log()).sum())


def invalid_mass(probs: Tensor, truth: dict[int, float]) -> float:
    """The share of `probs` (vocab,) on tokens that the truth rules out, from 0 to 1."""
    return float(probs.index_fill(0, torch.tensor(list(truth), dtype=torch.long), 0).sum())


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share, 95 % at z = 1.96 (Wilson 1927): unlike ±z·s it never leaves 0 to 1."""
    if not 0 <= successes <= n or n < 1:
        raise CourseError(
            f"{n} 次里成功 {successes} 次，说不通：次数至少 1，成功次数在 0 和次数之间。",
            f"{successes} successes in {n} trials cannot be: at least 1 trial, and from 0 to that many successes.",
        )
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def difference(hits: int, n: int, before: int, m: int) -> tuple[float, float, float]:
    """(difference, low, high) of two shares, hits of n less `before` of m, with its 95 % interval, from their Wilson
    intervals (Newcombe 1998, method 10). It may be used where the two were counted on different questions."""
    p, q = hits / n, before / m
    (p_low, p_high), (q_low, q_high) = wilson(hits, n), wilson(before, m)
    return p - q, p - q - math.hypot(p - p_low, q_high - q), p - q + math.hypot(p_high - p, q - q_low)
