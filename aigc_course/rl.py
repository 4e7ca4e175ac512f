"""Reinforcement learning with a verifiable reward: GRPO with each line of its formula, and expert iteration beside it.

GRPO (Shao et al. 2024, DeepSeekMath; used for DeepSeek-R1): for each question a group of answers is sampled, each gets
a reward, and what counts is how much better it is than its group. No value network, no reward model.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_course import stories
from aigc_course.reasoning import Attempt, attempts
from aigc_course.rollouts import of_like_length

Reward = Callable[[stories.Story, Attempt], float]


# ---- the formula ---------------------------------------------------------------------------------------------------


def advantage(rewards: Tensor) -> Tensor:
    """How much better each sample is than its group, in the group's standard deviations. rewards: (groups, samples)."""
    mean, std = rewards.mean(-1, keepdim=True), rewards.std(-1, keepdim=True)
    return (rewards - mean) / (std + 1e-4)


def clipped(logp: Tensor, logp_old: Tensor, advantages: Tensor, clip: float = 0.2) -> Tensor:
    """PPO's objective per token (Schulman et al. 2017): to go further in the direction of the advantage is paid only up
    to a ratio of 1 ± clip.

    logp, logp_old: (texts, tokens), log-probabilities of the written tokens now and when they were sampled;
    advantages: (texts,).
    """
    ratio = torch.exp(logp - logp_old)
    A = advantages[:, None]
    return torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)


def k3(logp: Tensor, logp_reference: Tensor) -> Tensor:
    """An estimate of KL(model ‖ reference) per token, never negative (Schulman 2020, "k3"): unbiased for tokens drawn
    from the model itself, at temperature 1."""
    log_ratio = logp_reference - logp
    return torch.exp(log_ratio) - log_ratio - 1


def grpo_loss(
    logp: Tensor,
    logp_old: Tensor,
    logp_reference: Tensor | None,
    advantages: Tensor,
    mask: Tensor,
    clip: float = 0.2,
    beta: float = 0.0,
) -> Tensor:
    """The loss to minimise: mean over texts of the mean over their tokens. mask: (texts, tokens), 1 where written."""
    gain = clipped(logp, logp_old, advantages, clip)
    if beta:
        gain = gain - beta * k3(logp, logp_reference)
    return -((gain * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean()


# ---- rewards: a program decides, so nobody has to be asked ---------------------------------------------------------


def answer_reward(story: stories.Story, attempt: Attempt) -> float:
    """1 for the right final answer, whatever the thinking says."""
    return float(attempt.answer == story.answer)


def length_reward(story: stories.Story, attempt: Attempt) -> float:
    """A bad one: a point for every 64 tokens, since those who think write more."""
    return len(attempt.ids) / 64


def form_reward(story: stories.Story, attempt: Attempt) -> float:
    """A bad one: 1 for a reply of the right form."""
    return float(well_formed(attempt))


def brevity_reward(story: stories.Story, attempt: Attempt) -> float:
    """A bad one: 1 for a reply of the right form, less a point for every 64 tokens, since tokens cost money."""
    return form_reward(story, attempt) - len(attempt.ids) / 64


def gated_reward(story: stories.Story, attempt: Attempt) -> float:
    """The mended one: the answer decides, and the form only opens the gate; it earns nothing by itself."""
    return answer_reward(story, attempt) * well_formed(attempt)


def well_formed(attempt: Attempt) -> bool:
    """Whether a reply is <think>…</think> and a number, with each tag once and nothing around."""
    whole = attempt.text == f"<think>{attempt.thinking}</think>{attempt.answer}"
    return whole and "think>" not in attempt.thinking and attempt.answer is not None


# ---- training ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """Of a run. prompts × samples texts per update; operations: lengths of the stories; inner: steps on each batch;
    warm_up: updates until the learning rate is reached; cool_down: share of the updates in which it falls to 0;
    temperature: above 0, of the drawing and of all log-probabilities."""

    prompts: int = 16
    samples: int = 8
    operations: Sequence[int] = range(1, stories.LONGEST + 1)
    kinds: str = stories.KINDS
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.95)
    warm_up: int = 5
    cool_down: float = 0.0
    inner: int = 2
    clip: float = 0.2
    beta: float = 0.02
    temperature: float = 1.0
    max_new_tokens: int = 96


@dataclass(frozen=True)
class Update:
    """What one update saw, for plots. reward, right, length: means over all texts; kl, entropy, clipped: over the
    tokens of the groups whose rewards differ (of all, if none do) in the last inner step; in expert iteration, of the
    rewarded texts. groups: the first stories, samples, rewards."""

    step: int
    reward: float
    right: float  # share of right answers, whatever was rewarded
    length: float  # tokens written, the end included
    kl: float  # to the reference, nats per token; 0 where beta is 0
    entropy: float  # nats per token
    clipped: float  # share of tokens that the clip kept from pushing further in the last inner step
    signal: float  # share of groups whose samples differ in reward
    groups: list[tuple[stories.Story, list[Attempt], list[float]]]


def grpo(
    model,
    tokenizer,
    updates: int,
    reward: Reward = answer_reward,
    settings: Settings | None = None,
    reference=None,
    seed: int = 0,
) -> Iterator[Update]:
    """Train `model` in place, one `Update` at a time. reference: the model the KL holds on to, needed if beta > 0."""
    s = settings or Settings()

    def improve(optimizer, asked, groups, rewards: Tensor) -> tuple[float, float, float]:
        useful = rewards.std(-1) > 0  # where all samples of a group fare alike there is nothing to learn
        steps = s.inner if bool(useful.any()) else 0
        useful = useful if steps else ~useful  # then only look
        ids, mask = batch(
            tokenizer, [(story, a) for story, group, u in zip(asked, groups, useful, strict=True) for a in group if u]
        )
        A = advantage(rewards)[useful].flatten()
        with torch.no_grad():
            logp_reference = token_logprobs(reference, ids, mask, s.temperature)[0] if s.beta else None
        logp_old = None
        for _ in range(max(steps, 1)):
            logp, entropy = token_logprobs(model, ids, mask, s.temperature)
            logp_old = logp.detach() if logp_old is None else logp_old
            if steps:
                take_step(model, optimizer, grpo_loss(logp, logp_old, logp_reference, A, mask, s.clip, s.beta))
        kl = k3(logp.detach(), logp_reference) if s.beta else torch.zeros_like(mask)
        held = (logp.detach() - logp_old).exp().sub(1) * A[:, None].sign() > s.clip
        return tuple(float((each * mask).sum() / mask.sum()) for each in (kl, entropy, held))

    yield from _train(model, tokenizer, updates, reward, s, seed, improve)


def expert_iteration(
    model, tokenizer, updates: int, reward: Reward = answer_reward, settings: Settings | None = None, seed: int = 0
) -> Iterator[Update]:
    """The simple rival (Anthony et al. 2017; STaR): sample the same groups, keep the rewarded texts, imitate them."""
    s = settings or Settings()

    def improve(optimizer, asked, groups, rewards: Tensor) -> tuple[float, float, float]:
        good = [
            (story, a)
            for story, group, row in zip(asked, groups, rewards.tolist(), strict=True)
            for a, paid in zip(group, row, strict=True)
            if paid > 0
        ]
        if not good:
            return 0.0, 0.0, 0.0
        ids, mask = batch(tokenizer, good)
        for _ in range(s.inner):
            logp, entropy = token_logprobs(model, ids, mask, s.temperature)
            take_step(model, optimizer, -((logp * mask).sum(-1) / mask.sum(-1)).mean())
        return 0.0, float((entropy * mask).sum() / mask.sum()), 0.0

    yield from _train(model, tokenizer, updates, reward, s, seed, improve)


def _train(model, tokenizer, updates: int, reward: Reward, s: Settings, seed: int, improve) -> Iterator[Update]:
    """The round that both share: draw stories, sample groups, reward them, improve(…) → (kl, entropy, clipped)."""
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=s.learning_rate, betas=s.betas)
    for step in range(updates):
        optimizer.param_groups[0]["lr"] = learning_rate(s, step, updates)
        asked = [stories.draw(rng, False, operations=s.operations, kinds=s.kinds) for _ in range(s.prompts)]
        groups = attempts(
            (model, tokenizer),
            [story.text for story in asked],
            temperature=s.temperature,
            samples=s.samples,
            generator=generator,
            max_new_tokens=s.max_new_tokens,
        )
        rewards = torch.tensor([[reward(story, a) for a in group] for story, group in zip(asked, groups, strict=True)])
        kl, entropy, held = improve(optimizer, asked, groups, rewards)
        written = [(story, a) for story, group in zip(asked, groups, strict=True) for a in group]
        yield Update(
            step,
            reward=float(rewards.mean()),
            right=sum(a.answer == story.answer for story, a in written) / len(written),
            length=sum(len(a.ids) for _, a in written) / len(written),
            kl=kl,
            entropy=entropy,
            clipped=held,
            signal=float((rewards.std(-1) > 0).float().mean()),
            groups=list(zip(asked, groups, rewards.tolist(), strict=True))[:4],
        )


def learning_rate(s: Settings, step: int, updates: int) -> float:
    """Of update `step`: it rises while warming up, stays, and falls towards 0 while cooling down."""
    falling = (updates - step) / (s.cool_down * updates) if s.cool_down else 1
    return s.learning_rate * min(1, (step + 1) / s.warm_up, falling)


def take_step(model, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step down the loss, its gradient no longer than 1."""
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def batch(tokenizer, pairs: Sequence[tuple[stories.Story, Attempt]]) -> tuple[Tensor, Tensor]:
    """(ids, mask): prompts and what was written, (texts, tokens), filled up on the right; mask is 1 on what was written
    and one column shorter than ids, since the first token is never predicted."""
    prompts = tokenizer([story.text for story, _ in pairs])["input_ids"]
    width = max(len(p) + len(a.ids) for p, (_, a) in zip(prompts, pairs, strict=True))
    ids, mask = torch.zeros(len(pairs), width, dtype=torch.long), torch.zeros(len(pairs), width - 1)
    for i, (prompt, (_, a)) in enumerate(zip(prompts, pairs, strict=True)):
        end = len(prompt) + len(a.ids)
        ids[i, :end] = torch.tensor([*prompt, *a.ids])
        mask[i, len(prompt) - 1 : end - 1] = 1
    return ids, mask


def token_logprobs(
    model, ids: Tensor, mask: Tensor, temperature: float = 1.0, tokens: int = 1500
) -> tuple[Tensor, Tensor]:
    """(log-probability of each next token, entropy there) at this temperature, both (texts, tokens − 1), 0 where mask
    is 0.

    The model reads texts of like length together, up to `tokens` at a time: a processor's caches hold no more, and one
    batch filled up to the longest text takes two to three times as long.
    """
    lengths = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).amax(-1).long()
    places, chosen, entropy = [], [], []
    for part in of_like_length(lengths.tolist(), tokens):
        rows, width = torch.tensor(part, device=ids.device), int(lengths[part[-1]])
        where = mask[rows, :width].bool()
        hidden = model.model(ids[rows, :width], use_cache=False).last_hidden_state
        logp = (model.lm_head(hidden[where]).float() / temperature).log_softmax(-1)
        at, column = where.nonzero(as_tuple=True)
        places.append(torch.stack([rows[at], column]))
        chosen.append(logp.gather(-1, ids[rows, 1 : width + 1][where][:, None])[:, 0])
        entropy.append(-(logp.detach().exp() * logp.detach()).sum(-1))
    where = tuple(torch.cat(places, 1))
    return tuple(torch.zeros_like(mask).index_put(where, torch.cat(values)) for values in (chosen, entropy))
