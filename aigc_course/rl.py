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

Reward = Callable[[stories.Story, Attempt], float]


# ---- the formula ---------------------------------------------------------------------------------------------------


def advantage(rewards: Tensor) -> Tensor:
    """How much better each sample is than its group, in the group's standard deviations. rewards: (groups, samples)."""
    mean, std = rewards.mean(-1, keepdim=True), rewards.std(-1, keepdim=True)
    return (rewards - mean) / (std + 1e-4)


def clipped(logp: Tensor, logp_old: Tensor, advantages: Tensor, clip: float = 0.2) -> Tensor:
    """PPO's objective per token (Schulman et al. 2017): a step is paid only while the ratio stays within 1 ± clip.

    logp, logp_old: (texts, tokens), log-probabilities of the written tokens now and when they were sampled;
    advantages: (texts,).
    """
    ratio = torch.exp(logp - logp_old)
    A = advantages[:, None]
    return torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)


def k3(logp: Tensor, logp_reference: Tensor) -> Tensor:
    """An unbiased estimate of KL(model ‖ reference) per token, never negative (Schulman 2020, "k3")."""
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


# ---- training ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """Of a run. prompts × samples texts per update; operations: lengths of the stories; inner: steps on each batch."""

    prompts: int = 16
    samples: int = 8
    operations: Sequence[int] = range(1, stories.LONGEST + 1)
    kinds: str = "+-×÷"
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.95)
    warm_up: int = 5
    inner: int = 2
    clip: float = 0.2
    beta: float = 0.02
    temperature: float = 1.0
    max_new_tokens: int = 96


@dataclass(frozen=True)
class Update:
    """What one update saw, for plots: means over its texts; groups: the first stories, samples, rewards."""

    step: int
    reward: float
    length: float
    kl: float
    entropy: float
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

    def improve(optimizer, asked, groups, rewards: Tensor) -> tuple[float, float]:
        useful = rewards.std(-1) > 0  # where all samples of a group fare alike there is nothing to learn
        if not bool(useful.any()):
            return 0.0, 0.0
        ids, mask = batch(
            tokenizer, [(story, a) for story, group, u in zip(asked, groups, useful, strict=True) for a in group if u]
        )
        A = advantage(rewards)[useful].flatten()
        with torch.no_grad():
            logp_reference = token_logprobs(reference, ids, mask)[0] if s.beta else None
        logp_old = None
        for _ in range(s.inner):
            logp, entropy = token_logprobs(model, ids, mask)
            logp_old = logp.detach() if logp_old is None else logp_old
            take_step(model, optimizer, grpo_loss(logp, logp_old, logp_reference, A, mask, s.clip, s.beta))
        kl = k3(logp.detach(), logp_reference) if s.beta else torch.zeros_like(mask)
        return float((kl * mask).sum() / mask.sum()), float((entropy * mask).sum() / mask.sum())

    yield from _train(model, tokenizer, updates, reward, s, seed, improve)


def expert_iteration(
    model, tokenizer, updates: int, reward: Reward = answer_reward, settings: Settings | None = None, seed: int = 0
) -> Iterator[Update]:
    """The simple rival (Anthony et al. 2017; STaR): sample the same groups, keep the rewarded texts, imitate them."""
    s = settings or Settings()

    def improve(optimizer, asked, groups, rewards: Tensor) -> tuple[float, float]:
        good = [
            (story, a)
            for story, group, row in zip(asked, groups, rewards.tolist(), strict=True)
            for a, paid in zip(group, row, strict=True)
            if paid > 0
        ]
        if not good:
            return 0.0, 0.0
        ids, mask = batch(tokenizer, good)
        for _ in range(s.inner):
            logp, entropy = token_logprobs(model, ids, mask)
            take_step(model, optimizer, -((logp * mask).sum(-1) / mask.sum(-1)).mean())
        return 0.0, float((entropy * mask).sum() / mask.sum())

    yield from _train(model, tokenizer, updates, reward, s, seed, improve)


def _train(model, tokenizer, updates: int, reward: Reward, s: Settings, seed: int, improve) -> Iterator[Update]:
    """The round that both share: draw stories, sample groups, reward them, improve(…) → (kl, entropy)."""
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=s.learning_rate, betas=s.betas)
    for step in range(updates):
        optimizer.param_groups[0]["lr"] = s.learning_rate * min(1, (step + 1) / s.warm_up)
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
        kl, entropy = improve(optimizer, asked, groups, rewards)
        lengths = [len(a.ids) for group in groups for a in group]
        yield Update(
            step,
            float(rewards.mean()),
            sum(lengths) / len(lengths),
            kl,
            entropy,
            float((rewards.std(-1) > 0).float().mean()),
            list(zip(asked, groups, rewards.tolist(), strict=True))[:4],
        )


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


def token_logprobs(model, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """(log-probability of each next token, entropy there), both (texts, tokens − 1), 0 where mask is 0."""
    hidden = model.model(ids[:, :-1], use_cache=False).last_hidden_state
    where = mask.bool()
    logp = model.lm_head(hidden[where]).float().log_softmax(-1)
    chosen = logp.gather(-1, ids[:, 1:][where][:, None])[:, 0]
    entropy = -(logp.detach().exp() * logp.detach()).sum(-1)
    return torch.zeros_like(mask).masked_scatter(where, chosen), torch.zeros_like(mask).masked_scatter(where, entropy)
